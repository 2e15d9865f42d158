package chain

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/rawdb"
	"github.com/ethereum/go-ethereum/core/state"
	"github.com/ethereum/go-ethereum/core/tracing"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/core/vm/runtime"
	"github.com/ethereum/go-ethereum/params"
	"github.com/ethereum/go-ethereum/triedb"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/contracts"
)

const (
	genesisFile    = "genesis.json"
	genesisVersion = 1
	gasLimit       = 300_000_000 // one block a second still carries two thousand purchases
)

// A network is what a data folder was made with. It is written once, before the
// first block, and never changes: a new version of a contract comes to an
// existing chain by transaction, not by genesis.
type network struct {
	Version   int                 `json:"version"`
	ChainID   uint64              `json:"chain_id"`
	Params    contracts.Params    `json:"params"`
	Addresses contracts.Addresses `json:"addresses"`
	Genesis   *core.Genesis       `json:"genesis"`
}

// Rules returns the pinned rules of an embedded chain: Osaka, from the first
// block. They are spelt out here so that a newer go-ethereum cannot change the
// rules of a chain that is already on disk, and because its development
// defaults turn on forks that are not released.
func Rules(chainID uint64) *params.ChainConfig {
	zero, start := new(big.Int), uint64(0)
	return &params.ChainConfig{
		ChainID: new(big.Int).SetUint64(chainID), HomesteadBlock: zero, EIP150Block: zero, EIP155Block: zero,
		EIP158Block: zero, ByzantiumBlock: zero, ConstantinopleBlock: zero, PetersburgBlock: zero, IstanbulBlock: zero,
		MuirGlacierBlock: zero, BerlinBlock: zero, LondonBlock: zero, ArrowGlacierBlock: zero, GrayGlacierBlock: zero,
		TerminalTotalDifficulty: zero,
		ShanghaiTime:            &start, CancunTime: &start, PragueTime: &start, OsakaTime: &start,
		BlobScheduleConfig: &params.BlobScheduleConfig{
			Cancun: params.DefaultCancunBlobConfig, Prague: params.DefaultPragueBlobConfig,
		},
	}
}

// Alloc returns the accounts a chain starts with: the system contracts, ours at
// their fixed addresses, and coin for the operator and the faucet. Each
// contract's creation code runs once at its address, so that immutables such as
// the EIP-712 domain come out right.
func Alloc(chainID uint64, p contracts.Params) (types.GenesisAlloc, error) {
	at := contracts.Predeployed()
	db := state.NewDatabase(triedb.NewDatabase(rawdb.NewMemoryDatabase(), &triedb.Config{Preimages: true}), nil)
	st, err := state.New(types.EmptyRootHash, db)
	if err != nil {
		return nil, fmt.Errorf("chain: genesis: %w: %w", abi.Internal, err)
	}
	rules := Rules(chainID)
	created := contracts.Creations(at, p)
	for _, c := range created {
		to := common.Address(c.Address)
		st.SetCode(to, c.Code, tracing.CodeChangeUnspecified)
		code, _, err := runtime.Call(to, nil, &runtime.Config{
			ChainConfig: rules, State: st, GasLimit: 30_000_000, Time: 1,
			BlockNumber: new(big.Int), BaseFee: new(big.Int), Random: &common.Hash{},
		})
		if err != nil {
			return nil, fmt.Errorf("chain: genesis: create %s: %w: %w", c.Name, abi.Internal, err)
		}
		st.SetCode(to, code, tracing.CodeChangeUnspecified)
		st.SetNonce(to, 1, tracing.NonceChangeUnspecified)
	}
	root, err := st.Commit(rules.Rules(new(big.Int), true, 1), 0)
	if err != nil {
		return nil, fmt.Errorf("chain: genesis: %w: %w", abi.Internal, err)
	}
	if st, err = state.New(root, db); err != nil {
		return nil, fmt.Errorf("chain: genesis: %w: %w", abi.Internal, err)
	}

	alloc := core.SystemContractAllocs()
	dump := st.RawDump(nil)
	for _, c := range created {
		to := common.Address(c.Address)
		a, ok := dump.Accounts[to.Hex()]
		if !ok {
			return nil, fmt.Errorf("chain: genesis: %s left no account: %w", c.Name, abi.Internal)
		}
		account := types.Account{Code: a.Code, Nonce: 1, Balance: new(big.Int), Storage: make(map[common.Hash]common.Hash)}
		for slot, v := range a.Storage {
			account.Storage[slot] = common.HexToHash(v)
		}
		alloc[to] = account
	}
	fund := func(who abi.Address) {
		a := alloc[common.Address(who)]
		a.Balance = contracts.Coins(1_000_000_000)
		alloc[common.Address(who)] = a
	}
	fund(at.Faucet)
	fund(p.Operator)
	return alloc, nil
}

// openNetwork returns what the folder was made with, or makes it now. used says
// that the folder holds blocks.
func openNetwork(c Config, used bool) (network, error) {
	name := filepath.Join(c.Dir, genesisFile)
	b, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return createNetwork(c, name, used)
	}
	if err != nil {
		return network{}, fmt.Errorf("chain: %w: %w", abi.Unavailable, err)
	}
	var head struct {
		Version int `json:"version"`
	}
	if err := json.Unmarshal(b, &head); err != nil {
		return network{}, fmt.Errorf("chain: %s: %w: %w", name, abi.Invalid, err)
	}
	if head.Version != genesisVersion {
		return network{}, fmt.Errorf("chain: %s has version %d, this program knows %d: %w", name, head.Version, genesisVersion, abi.Invalid)
	}
	var n network
	if err := json.Unmarshal(b, &n); err != nil {
		return network{}, fmt.Errorf("chain: %s: %w: %w", name, abi.Invalid, err)
	}
	switch {
	case n.Genesis == nil || n.Genesis.Config == nil || n.Genesis.Config.ChainID == nil:
		return network{}, fmt.Errorf("chain: %s has no genesis: %w", name, abi.Invalid)
	case n.ChainID != n.Genesis.Config.ChainID.Uint64():
		return network{}, fmt.Errorf("chain: %s names chain %d and holds the genesis of %v: %w", name, n.ChainID, n.Genesis.Config.ChainID, abi.Invalid)
	case n.ChainID != c.ChainID:
		return network{}, fmt.Errorf("chain: folder %s belongs to chain %d, not %d: %w", c.Dir, n.ChainID, c.ChainID, abi.Invalid)
	case !c.Params.Operator.IsZero() && n.Params.Operator != c.Params.Operator:
		return network{}, fmt.Errorf("chain: folder %s has operator %v, not %v: %w", c.Dir, n.Params.Operator, c.Params.Operator, abi.Invalid)
	}
	return n, nil
}

func createNetwork(c Config, name string, used bool) (network, error) {
	if err := c.Params.Check(); err != nil {
		return network{}, fmt.Errorf("chain: new chain: %w", err)
	}
	if used {
		return network{}, fmt.Errorf("chain: folder %s holds a chain but no %s: %w", c.Dir, genesisFile, abi.Invalid)
	}
	p := c.Params.WithDefaults()
	alloc, err := Alloc(c.ChainID, p)
	if err != nil {
		return network{}, err
	}
	n := network{
		Version: genesisVersion, ChainID: c.ChainID, Params: p, Addresses: contracts.Predeployed(),
		Genesis: &core.Genesis{
			Config: Rules(c.ChainID), GasLimit: gasLimit, BaseFee: big.NewInt(params.InitialBaseFee),
			Difficulty: new(big.Int), Alloc: alloc,
		},
	}
	b, err := json.MarshalIndent(n, "", " ")
	if err != nil {
		return network{}, fmt.Errorf("chain: genesis: %w: %w", abi.Internal, err)
	}
	if err := writeDurable(name, append(b, '\n')); err != nil {
		return network{}, fmt.Errorf("chain: genesis: %w: %w", abi.Unavailable, err)
	}
	return n, nil
}

// writeDurable puts b under name in one step that survives a crash.
func writeDurable(name string, b []byte) error {
	dir := filepath.Dir(name)
	f, err := os.CreateTemp(dir, filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // after the rename there is nothing left to remove
	if _, err := f.Write(b); err != nil {
		f.Close()
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), name); err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
