// Package chain is an Ethereum chain inside this process: one sequencer, state
// on disk that survives kill -9, and JSON-RPC on loopback for ordinary wallets.
package chain

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"strconv"
	"sync"
	"syscall"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/eth"
	"github.com/ethereum/go-ethereum/eth/catalyst"
	"github.com/ethereum/go-ethereum/eth/ethconfig"
	"github.com/ethereum/go-ethereum/eth/filters"
	"github.com/ethereum/go-ethereum/ethclient"
	"github.com/ethereum/go-ethereum/node"
	"github.com/ethereum/go-ethereum/p2p"
	"github.com/ethereum/go-ethereum/rpc"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/contracts"
)

const (
	// DefaultID is the chain id of an embedded chain that is given none.
	DefaultID = 20771

	nodeName = "node" // folder of go-ethereum's files inside Config.Dir
)

// Config says where a chain lives and how it is reached. Only Dir is required,
// and Params.Operator for a folder without a chain.
type Config struct {
	Dir     string           // data folder; made if it is missing
	ChainID uint64           // default DefaultID
	Params  contracts.Params // for a new chain; an existing one keeps its own
	HTTP    string           // loopback host:port of JSON-RPC; port 0: any; default "127.0.0.1:0"
	Drift   uint64           // most seconds that block time may run ahead of the clock; default 60
	CacheMB int              // memory for go-ethereum's caches; default 64
	Log     *slog.Logger     // default: discard

	flushed func() error // called after each flush, by tests that need a disk to fail
}

// A Chain is a running chain. It is safe for concurrent use. One process at a
// time may open a folder.
type Chain struct {
	stack  *node.Node
	client *ethclient.Client
	seq    *sequencer
	blocks *blockLog
	net    network
	log    *slog.Logger

	close    sync.Once
	closeErr error
	watched  chan struct{} // closed when the goroutine that watches seq ends
}

// Open starts the chain in c.Dir, making it first if the folder has none.
//
// Errors: Invalid when the folder belongs to another network or another version
// of this program, Unavailable when another process has it open or the port is
// taken.
func Open(ctx context.Context, c Config) (*Chain, error) {
	if c.ChainID == 0 {
		c.ChainID = DefaultID
	}
	if c.HTTP == "" {
		c.HTTP = "127.0.0.1:0"
	}
	if c.Drift == 0 {
		c.Drift = 60
	}
	if c.CacheMB == 0 {
		c.CacheMB = 64
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Dir == "" {
		return nil, fmt.Errorf("chain: no data folder: %w", abi.Invalid)
	}
	host, port, err := loopback(c.HTTP)
	if err != nil {
		return nil, err
	}
	if err := probe(c.HTTP, port); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("chain: %w: %w", abi.Unavailable, err)
	}
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("chain: %w: %w", abi.Unavailable, err)
	}
	routeLogs(c.Log)

	stack, err := newStack(c.Dir, host, port) // from here on the folder is ours alone
	if err != nil {
		return nil, err
	}
	blocks, err := openBlockLog(c.Dir)
	if err != nil {
		stack.Close() // what went wrong before it matters more
		return nil, err
	}
	ch, err := start(stack, blocks, c)
	if err != nil {
		stack.Close()
		blocks.close()
		return nil, err
	}
	return ch, nil
}

func start(stack *node.Node, blocks *blockLog, c Config) (*Chain, error) {
	_, err := os.Stat(stack.ResolvePath("chaindata"))
	nw, err := openNetwork(c, err == nil || blocks.last > 0)
	if err != nil {
		return nil, err
	}
	ethereum, err := eth.New(stack, ethConfig(c, nw))
	if err != nil {
		if _, ok := errors.AsType[*core.GenesisMismatchError](err); ok {
			return nil, fmt.Errorf("chain: folder %s holds another chain than its %s says: %w: %w", c.Dir, genesisFile, abi.Invalid, err)
		}
		return nil, fmt.Errorf("chain: folder %s: %w: %w", c.Dir, abi.Unavailable, err)
	}
	replayed, err := blocks.reconcile(ethereum.BlockChain())
	if err != nil {
		ethereum.BlockChain().Stop()
		return nil, err
	}
	if replayed > 0 {
		c.Log.Warn("blocks run again from the log", slog.Int("blocks", replayed), slog.Uint64("head", blocks.last))
	}
	events := filters.NewFilterSystem(ethereum.APIBackend, filters.Config{})
	stack.RegisterAPIs([]rpc.API{{Namespace: "eth", Service: filters.NewFilterAPI(events)}})
	beacon, err := catalyst.NewSimulatedBeacon(0, common.Address(nw.Params.Operator), ethereum)
	if err != nil {
		return nil, fmt.Errorf("chain: %w: %w", abi.Internal, err)
	}
	seq, err := newSequencer(ethereum, beacon, blocks, c.Drift)
	if err != nil {
		return nil, err
	}
	if c.flushed != nil {
		flush := seq.flush
		seq.flush = func(h *types.Header) error { return errors.Join(flush(h), c.flushed()) }
	}
	stack.RegisterLifecycle(seq)
	if err := stack.Start(); err != nil {
		return nil, listenError(c.HTTP, err)
	}
	ethereum.SetSynced()

	ch := &Chain{
		stack: stack, client: ethclient.NewClient(stack.Attach()), seq: seq, blocks: blocks, net: nw, log: c.Log,
		watched: make(chan struct{}),
	}
	go ch.watch()
	return ch, nil
}

// watch takes the node down when its sequencer fails: a chain that cannot keep
// what it accepts must not look as if it did.
func (c *Chain) watch() {
	defer close(c.watched)
	<-c.seq.done
	if err := c.seq.failure(); err != nil {
		c.log.Error("chain stopped", slog.Any("err", err))
		c.shut()
	}
}

// shut stops the node once.
func (c *Chain) shut() error {
	c.close.Do(func() {
		c.client.Close()
		c.closeErr = errors.Join(c.stack.Close(), c.blocks.close())
	})
	return c.closeErr
}

// Close stops the chain and waits until its files are closed. It returns why
// the chain had stopped before, if it had.
func (c *Chain) Close() error {
	err := c.shut()
	<-c.watched
	if cause := c.seq.failure(); cause != nil {
		return cause
	}
	if err != nil {
		return fmt.Errorf("chain: close: %w: %w", abi.Internal, err)
	}
	return nil
}

// Done is closed when the chain stops, by Close or because it failed.
func (c *Chain) Done() <-chan struct{} { return c.seq.done }

// Err says why the chain stopped by itself; nil while it runs and after Close.
func (c *Chain) Err() error { return c.seq.failure() }

// URL is where wallets reach the chain: "http://127.0.0.1:PORT".
func (c *Chain) URL() string { return c.stack.HTTPEndpoint() }

// ID is the chain id.
func (c *Chain) ID() uint64 { return c.net.ChainID }

// Addresses says where the contracts stand.
func (c *Chain) Addresses() contracts.Addresses { return c.net.Addresses }

// Params says what the contracts were created with.
func (c *Chain) Params() contracts.Params { return c.net.Params }

// Client talks to the chain without a network in between. It closes with the
// chain.
func (c *Chain) Client() *ethclient.Client { return c.client }

// DurableHead is the number of the newest block that survives a crash.
func (c *Chain) DurableHead() uint64 { return c.seq.head.load() }

// WaitDurable returns once block number is durable. Errors: Unavailable when
// the chain stops first, else the context's cause.
func (c *Chain) WaitDurable(ctx context.Context, number uint64) error {
	return c.seq.head.wait(ctx, number, c.seq.done, c.seq.failure)
}

func loopback(addr string) (host string, port int, err error) {
	host, p, err := net.SplitHostPort(addr)
	if err != nil {
		return "", 0, fmt.Errorf("chain: address %q: %w: %w", addr, abi.Invalid, err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return "", 0, fmt.Errorf("chain: address %q is not on loopback: %w", addr, abi.Invalid)
	}
	port, err = strconv.Atoi(p)
	if err != nil || port < 0 || port > 65535 {
		return "", 0, fmt.Errorf("chain: address %q has no port: %w", addr, abi.Invalid)
	}
	return host, port, nil
}

// probe finds a port that is taken before there is anything to take down again.
func probe(addr string, port int) error {
	if port == 0 {
		return nil
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return listenError(addr, err)
	}
	return l.Close()
}

func listenError(addr string, err error) error {
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("chain: %s is taken by another program: %w", addr, abi.Unavailable)
	}
	return fmt.Errorf("chain: %s: %w: %w", addr, abi.Unavailable, err)
}

func newStack(dir, host string, port int) (*node.Node, error) {
	nc := node.DefaultConfig
	nc.Name = nodeName
	nc.DataDir = dir
	nc.P2P = p2p.Config{NoDiscovery: true, NoDial: true}
	nc.HTTPHost, nc.HTTPPort = host, port
	nc.HTTPModules = []string{"eth", "net", "web3"}
	nc.HTTPVirtualHosts = []string{"localhost", "127.0.0.1"}
	nc.WSHost = ""
	nc.IPCPath = ""
	stack, err := node.New(&nc)
	if errors.Is(err, node.ErrDatadirUsed) {
		return nil, fmt.Errorf("chain: folder %s is open in another process: %w", dir, abi.Unavailable)
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("chain: folder %s: %w: %w", dir, abi.Denied, err)
	}
	if err != nil {
		return nil, fmt.Errorf("chain: folder %s: %w: %w", dir, abi.Unavailable, err)
	}
	return stack, nil
}

// ethConfig is the one configuration that loses nothing on kill -9: the hash
// scheme and an archive, so that the state of a block is complete on disk as
// soon as the sequencer flushed it.
func ethConfig(c Config, nw network) *ethconfig.Config {
	ec := ethconfig.Defaults
	ec.NetworkId = nw.ChainID
	ec.Genesis = nw.Genesis
	ec.SyncMode = ethconfig.FullSync
	ec.StateScheme = rawdb.HashScheme
	ec.NoPruning = true
	ec.LogNoHistory = true // its index rewrites 65,536 rows a block; at our sizes a search by bloom filters is quicker
	ec.DatabaseCache = c.CacheMB / 4
	ec.TrieCleanCache = c.CacheMB / 4
	ec.TrieDirtyCache = c.CacheMB / 4
	ec.SnapshotCache = c.CacheMB / 4
	ec.TxPool.NoLocals = true
	ec.TxPool.Journal = ""
	ec.TxPool.PriceLimit = 1
	ec.TxPool.GlobalSlots = 65_536
	ec.TxPool.GlobalQueue = 16_384
	ec.TxPool.AccountSlots = 4_096
	ec.TxPool.AccountQueue = 4_096
	ec.Miner.GasPrice = big.NewInt(1)
	ec.Miner.GasCeil = gasLimit
	ec.Miner.PendingFeeRecipient = common.Address(nw.Params.Operator)
	ec.GPO.IgnorePrice = big.NewInt(1)
	ec.RPCTxFeeCap = 0
	return &ec
}
