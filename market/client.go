package market

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"math/big"
	"sync"

	"github.com/ethereum/go-ethereum"
	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/ethclient"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/bindings/assets"
	"github.com/cloister-ai/cloister/market/bindings/credits"
	"github.com/cloister-ai/cloister/market/bindings/faucet"
	"github.com/cloister-ai/cloister/market/bindings/market"
	"github.com/cloister-ai/cloister/market/bindings/payroll"
	"github.com/cloister-ai/cloister/market/contracts"
)

// A Node is a chain in this process. chain.Chain is one.
type Node interface {
	Client() *ethclient.Client
	Addresses() contracts.Addresses
	// DurableHead is the newest block that survives a crash, and WaitDurable
	// waits for one.
	DurableHead() uint64
	WaitDurable(ctx context.Context, number uint64) error
}

// Config says who a client acts for and when it believes a chain. Zero fields
// mean their defaults.
type Config struct {
	Key           *Key                // who pays and signs; nil: the client only reads
	Addresses     contracts.Addresses // where the contracts stand; default: as on an embedded chain
	Confirmations uint64              // external chain: blocks on top before a write counts as done; embedded chains wait for durability instead
	Log           *slog.Logger        // default: discard
}

// A Client reads and writes the market's contracts, with the same code on an
// embedded chain and on any other. It is safe for concurrent use.
//
// Every write names its intent, by a ref or by the state it wants, and first
// looks whether it is done already: to repeat one after a crash or a time-out is
// harmless and returns the first outcome. A write returns when it is in a block
// that is durable, or confirmed.
//
// Errors: Unavailable when the chain does not answer (repeat the same write),
// Exhausted without the credits or the coin for gas, Denied when a contract
// refuses, Invalid and NotFound as usual.
type Client struct {
	*conn
	key *Key
}

// conn is what the clients of several keys share.
type conn struct {
	eth     backend
	node    Node // nil: an external chain
	at      contracts.Addresses
	chainID uint64
	depth   uint64 // confirmations
	log     *slog.Logger

	credits *credits.Credits
	assets  *assets.Assets
	market  *market.Market
	payroll *payroll.Payroll
	faucet  *faucet.Faucet

	mu      sync.Mutex
	senders map[abi.Address]chan struct{} // one write at a time a key
}

// backend is the part of an ethclient.Client that is used.
type backend interface {
	bind.ContractBackend
	ethereum.TransactionReader
	ethereum.ChainIDReader
	ethereum.BlockNumberReader
	BalanceAt(ctx context.Context, who common.Address, block *big.Int) (*big.Int, error)
}

// Dial connects to a chain over its JSON-RPC URL.
func Dial(ctx context.Context, url string, c Config) (*Client, error) {
	eth, err := ethclient.DialContext(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("market: connect to %s: %w: %w", url, abi.Unavailable, err)
	}
	client, err := connect(ctx, eth, nil, c)
	if err != nil {
		eth.Close()
		return nil, fmt.Errorf("%w (chain at %s)", err, url)
	}
	return client, nil
}

// New connects to a chain in this process.
func New(ctx context.Context, n Node, c Config) (*Client, error) {
	c.Addresses = n.Addresses()
	return connect(ctx, n.Client(), n, c)
}

func connect(ctx context.Context, eth backend, n Node, c Config) (*Client, error) {
	if c.Addresses == (contracts.Addresses{}) {
		c.Addresses = contracts.Predeployed()
	}
	client, err := newClient(ctx, eth, n, c)
	if err != nil {
		return nil, err
	}
	code, err := eth.CodeAt(ctx, common.Address(c.Addresses.Market), nil)
	if err != nil {
		return nil, rpcError("look for the market", err)
	}
	if len(code) == 0 {
		return nil, fmt.Errorf("market: no contract stands at %v on chain %d: %w", c.Addresses.Market, client.chainID, abi.NotFound)
	}
	return client, nil
}

// newClient asks the chain for its id and nothing else.
func newClient(ctx context.Context, eth backend, n Node, c Config) (*Client, error) {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	id, err := eth.ChainID(ctx)
	if err != nil {
		return nil, rpcError("ask for the chain id", err)
	}
	return &Client{key: c.Key, conn: &conn{
		eth: eth, node: n, at: c.Addresses, chainID: id.Uint64(), depth: c.Confirmations, log: c.Log,
		credits: credits.NewCredits(), assets: assets.NewAssets(), market: market.NewMarket(),
		payroll: payroll.NewPayroll(), faucet: faucet.NewFaucet(),
		senders: make(map[abi.Address]chan struct{}),
	}}, nil
}

// As returns a client for another key on the same connection.
func (c *Client) As(k *Key) *Client { return &Client{conn: c.conn, key: k} }

// Address is who the client acts for; zero without a key.
func (c *Client) Address() abi.Address {
	if c.key == nil {
		return abi.Address{}
	}
	return c.key.Address()
}

// Domain is where requests signed for this market count.
func (c *Client) Domain() Domain { return Domain{ChainID: c.chainID, Market: c.at.Market} }

// Addresses says where the contracts stand.
func (c *Client) Addresses() contracts.Addresses { return c.at }

// Close ends a connection that Dial made. Clients on an embedded chain end with
// it, and Close does nothing.
func (c *Client) Close() {
	if e, ok := c.eth.(*ethclient.Client); ok && c.node == nil {
		e.Close()
	}
}

// SafeHead is the newest block that may be acted on: the durable head of an
// embedded chain, or the one with enough confirmations.
func (c *conn) SafeHead(ctx context.Context) (uint64, error) {
	if c.node != nil {
		return c.node.DurableHead(), nil
	}
	n, err := c.eth.BlockNumber(ctx)
	if err != nil {
		return 0, rpcError("ask for the head", err)
	}
	return n - min(n, c.depth), nil
}

// A Hash names a transaction.
type Hash [32]byte

func (h Hash) String() string { return "0x" + hex.EncodeToString(h[:]) }

// IsZero reports whether h names nothing.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText writes h as wallets do: 0x and 64 hexadecimal digits.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// A Tx is how a write got onto the chain.
type Tx struct {
	Hash  Hash   // zero when it was there already and the chain no longer says how
	Gas   uint64 // used
	Block uint64
	Again bool // it was there already: nothing was sent
}

// call reads a contract at a block; nil: the newest.
func call[T any](ctx context.Context, c *conn, to abi.Address, data []byte, block *big.Int, unpack func([]byte) (T, error)) (T, error) {
	var zero T
	target := common.Address(to)
	out, err := c.eth.CallContract(ctx, ethereum.CallMsg{To: &target, Data: data}, block)
	if err != nil {
		return zero, rpcError("read the chain", err)
	}
	v, err := unpack(out)
	if err != nil {
		return zero, fmt.Errorf("market: contract at %v answered %d bytes that do not decode: %w: %w", to, len(out), abi.Unavailable, err)
	}
	return v, nil
}

// logs returns the events of one contract in blocks from to to.
func (c *conn) logs(ctx context.Context, contract abi.Address, from, to uint64, topics ...[]common.Hash) ([]types.Log, error) {
	found, err := c.eth.FilterLogs(ctx, ethereum.FilterQuery{
		FromBlock: new(big.Int).SetUint64(from), ToBlock: new(big.Int).SetUint64(to),
		Addresses: []common.Address{common.Address(contract)}, Topics: topics,
	})
	if err != nil {
		return nil, rpcError("read events", err)
	}
	return found, nil
}

// found looks up how something that stands in a block's state got there. An
// event that is not to be had is no error: the state is what counts.
func (c *conn) found(ctx context.Context, contract abi.Address, block uint64, topics ...[]common.Hash) Tx {
	tx := Tx{Block: block, Again: true}
	logs, err := c.logs(ctx, contract, block, block, topics...)
	if err != nil || len(logs) == 0 {
		return tx
	}
	tx.Hash = Hash(logs[0].TxHash)
	if r, err := c.eth.TransactionReceipt(ctx, logs[0].TxHash); err == nil {
		tx.Gas = r.GasUsed
	}
	return tx
}

// Key is who the client signs as; nil when it only reads.
func (c *Client) Key() *Key { return c.key }
