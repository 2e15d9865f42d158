package chain_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/ethereum/go-ethereum/ethclient"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/market/chain"
	"github.com/cloister-ai/cloister/market/contracts"
)

// operator is a key that every test's chain gives coin to.
func operator(t testing.TB) (*ecdsa.PrivateKey, abi.Address) {
	t.Helper()
	k, err := crypto.ToECDSA(common.BigToHash(big.NewInt(1)).Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return k, abi.Address(crypto.PubkeyToAddress(k.PublicKey))
}

func config(t testing.TB, dir string) chain.Config {
	t.Helper()
	_, who := operator(t)
	return chain.Config{Dir: dir, Params: contracts.Params{Operator: who}}
}

func open(t testing.TB, c chain.Config) *chain.Chain {
	t.Helper()
	ch, err := chain.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ch.Close() }) // a second Close does nothing
	return ch
}

// pay sends one wei from the operator to address 1 and waits until that is durable.
func pay(t testing.TB, ch *chain.Chain) *types.Receipt {
	t.Helper()
	tx := submit(t, ch)
	r := wait(t, ch, tx)
	if err := ch.WaitDurable(t.Context(), r.BlockNumber.Uint64()); err != nil {
		t.Fatal(err)
	}
	return r
}

func submit(t testing.TB, ch *chain.Chain) *types.Transaction {
	t.Helper()
	key, who := operator(t)
	nonce, err := ch.Client().PendingNonceAt(t.Context(), common.Address(who))
	if err != nil {
		t.Fatal(err)
	}
	id := new(big.Int).SetUint64(ch.ID())
	tx, err := types.SignNewTx(key, types.LatestSignerForChainID(id), &types.DynamicFeeTx{
		ChainID: id, Nonce: nonce, GasTipCap: big.NewInt(1), GasFeeCap: big.NewInt(2e9), Gas: 21_000, To: &common.Address{0: 0xee, 19: 1}, Value: big.NewInt(1),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.Client().SendTransaction(t.Context(), tx); err != nil {
		t.Fatal(err)
	}
	return tx
}

func wait(t testing.TB, ch *chain.Chain, tx *types.Transaction) *types.Receipt {
	t.Helper()
	for {
		r, err := ch.Client().TransactionReceipt(t.Context(), tx.Hash())
		if err == nil {
			if r.Status != types.ReceiptStatusSuccessful {
				t.Fatalf("transaction failed: %+v", r)
			}
			return r
		}
		select {
		case <-t.Context().Done():
			t.Fatal(err)
		case <-time.After(time.Millisecond):
		}
	}
}

func TestAChainGoesOnWhereItWas(t *testing.T) {
	dir := t.TempDir()
	first := open(t, config(t, dir))
	for range 3 {
		pay(t, first)
	}
	head, err := first.Client().HeaderByNumber(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatalf("Close = %v", err)
	}

	second := open(t, chain.Config{Dir: dir}) // an existing chain needs no operator
	again, err := second.Client().HeaderByNumber(t.Context(), nil)
	if err != nil || again.Hash() != head.Hash() || second.DurableHead() != 3 {
		t.Errorf("head after a restart = %v, %v, durable %d; want %v and 3", again, err, second.DurableHead(), head.Hash())
	}
	if second.Params() != first.Params() || second.Addresses() != contracts.Predeployed() {
		t.Errorf("Params = %+v, Addresses = %+v", second.Params(), second.Addresses())
	}
	if r := pay(t, second); r.BlockNumber.Uint64() != 4 {
		t.Errorf("next block is %v, want 4", r.BlockNumber)
	}
}

func TestEveryContractStandsInTheGenesis(t *testing.T) {
	ch := open(t, config(t, t.TempDir()))
	at := ch.Addresses()
	for name, who := range map[string]abi.Address{"Credits": at.Credits, "Payroll": at.Payroll, "Assets": at.Assets, "Market": at.Market, "Faucet": at.Faucet} {
		code, err := ch.Client().CodeAt(t.Context(), common.Address(who), new(big.Int))
		if err != nil || len(code) == 0 || len(code) > 24576 {
			t.Errorf("%s has %d bytes of code in block 0, %v", name, len(code), err)
		}
	}
}

func TestOpenRefusesWhatItCannotServe(t *testing.T) {
	_, who := operator(t)
	edit := func(t *testing.T, dir string, f func(map[string]any)) {
		t.Helper()
		name := filepath.Join(dir, "genesis.json")
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		f(v)
		if b, err = json.Marshal(v); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		what   string
		change func(t *testing.T, c *chain.Config)
		kind   abi.Kind
		says   string
	}{
		{"another chain id", func(_ *testing.T, c *chain.Config) { c.ChainID = 7 }, abi.Invalid, "belongs to chain 20771, not 7"},
		{"another operator", func(_ *testing.T, c *chain.Config) { c.Params.Operator = abi.Address{9} }, abi.Invalid, "has operator " + who.String()},
		{"a newer folder", func(t *testing.T, c *chain.Config) { edit(t, c.Dir, func(v map[string]any) { v["version"] = 2 }) }, abi.Invalid, "has version 2, this program knows 1"},
		{"a genesis of garbage", func(t *testing.T, c *chain.Config) {
			if err := os.WriteFile(filepath.Join(c.Dir, "genesis.json"), []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, abi.Invalid, "genesis.json"},
		{"a lost genesis", func(t *testing.T, c *chain.Config) {
			if err := os.Remove(filepath.Join(c.Dir, "genesis.json")); err != nil {
				t.Fatal(err)
			}
		}, abi.Invalid, "holds a chain but no genesis.json"},
		{"another genesis", func(t *testing.T, c *chain.Config) {
			edit(t, c.Dir, func(v map[string]any) { v["genesis"].(map[string]any)["gasLimit"] = "0x1" })
		}, abi.Invalid, "holds another chain than its genesis.json says"},
		{"an empty genesis", func(t *testing.T, c *chain.Config) { edit(t, c.Dir, func(v map[string]any) { delete(v, "genesis") }) }, abi.Invalid, "has no genesis"},
		{"no operator", func(t *testing.T, c *chain.Config) { c.Dir, c.Params.Operator = t.TempDir(), abi.Address{} }, abi.Invalid, "no operator"},
		{"half a second", func(t *testing.T, c *chain.Config) {
			c.Dir, c.Params.RefundWindow = t.TempDir(), time.Second/2
		}, abi.Invalid, "500ms"},
		{"too many credits", func(t *testing.T, c *chain.Config) { c.Dir, c.Params.CapCredits = t.TempDir(), 1<<63 }, abi.Invalid, "cap of 9223372036854775808"},
		{"no folder", func(_ *testing.T, c *chain.Config) { c.Dir = "" }, abi.Invalid, "no data folder"},
		{"a public address", func(_ *testing.T, c *chain.Config) { c.HTTP = "0.0.0.0:0" }, abi.Invalid, "not on loopback"},
		{"an address without port", func(_ *testing.T, c *chain.Config) { c.HTTP = "127.0.0.1" }, abi.Invalid, `"127.0.0.1"`},
		{"a port out of range", func(_ *testing.T, c *chain.Config) { c.HTTP = "127.0.0.1:65536" }, abi.Invalid, "65536"},
		{"a port that is taken", func(t *testing.T, c *chain.Config) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { l.Close() })
			c.HTTP = l.Addr().String()
		}, abi.Unavailable, "is taken by another program"},
		{"a folder that is open", func(t *testing.T, c *chain.Config) { open(t, *c) }, abi.Unavailable, "is open in another process"},
		{"a damaged block log", func(t *testing.T, c *chain.Config) {
			name := filepath.Join(c.Dir, "blocks.log")
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			b[20] ^= 1
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}, abi.Invalid, "blocks.log, at byte 0"},
	} {
		t.Run(c.what, func(t *testing.T) {
			cfg := config(t, t.TempDir())
			ch := open(t, cfg)
			pay(t, ch)
			pay(t, ch)
			if err := ch.Close(); err != nil {
				t.Fatal(err)
			}
			c.change(t, &cfg)
			ch, err := chain.Open(t.Context(), cfg)
			if err == nil {
				ch.Close()
			}
			if abi.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
				t.Errorf("Open = %v; want %v and %q", err, c.kind, c.says)
			}
		})
	}
}

func TestTheChainIsMadeAgainFromItsLog(t *testing.T) {
	dir := t.TempDir()
	ch := open(t, config(t, dir))
	for range 5 {
		pay(t, ch)
	}
	want, err := ch.Client().HeaderByNumber(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := ch.Close(); err != nil {
		t.Fatal(err)
	}
	for _, lost := range []string{"node", "blocks.log"} { // either one is enough to get the other back
		if err := os.RemoveAll(filepath.Join(dir, lost)); err != nil {
			t.Fatal(err)
		}
		ch = open(t, chain.Config{Dir: dir})
		got, err := ch.Client().HeaderByNumber(t.Context(), nil)
		if err != nil || got.Hash() != want.Hash() || ch.DurableHead() != want.Number.Uint64() {
			t.Fatalf("without %s: head %v, %v, durable %d; want %v", lost, got, err, ch.DurableHead(), want.Hash())
		}
		balance, err := ch.Client().BalanceAt(t.Context(), common.Address{0: 0xee, 19: 1}, nil)
		if err != nil || balance.Int64() < 5 {
			t.Fatalf("without %s: balance %v, %v", lost, balance, err)
		}
		pay(t, ch)
		if want, err = ch.Client().HeaderByNumber(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if err := ch.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestARecordThatACrashCutShortIsDropped(t *testing.T) {
	dir := t.TempDir()
	ch := open(t, config(t, dir))
	pay(t, ch)
	name := filepath.Join(dir, "blocks.log")
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	pay(t, ch)
	if err := ch.Close(); err != nil {
		t.Fatal(err)
	}
	full, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{len(full) - 1, len(whole) + 9, len(whole) + 7, len(whole)} {
		if err := os.WriteFile(name, full[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		ch := open(t, chain.Config{Dir: dir})
		if err := ch.Close(); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(name); err != nil || !bytes.Equal(got, full) {
			t.Errorf("log cut to %d bytes was made %d bytes again, %v; want the same %d", n, len(got), err, len(full))
		}
	}
}

func TestOnlyLoopbackNamesAndPublicMethodsAreServed(t *testing.T) {
	ch := open(t, config(t, t.TempDir()))
	ask := func(host, method string) (int, string) {
		t.Helper()
		body := strings.NewReader(`{"jsonrpc":"2.0","id":1,"method":"` + method + `","params":[]}`)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, ch.URL(), body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", "https://evil.example")
		if host != "" {
			r.Host = host
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got := resp.Header.Get("Access-Control-Allow-Origin"); got != "" {
			t.Errorf("a foreign page may read answers: %q", got)
		}
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	if code, body := ask("", "eth_chainId"); code != http.StatusOK || !strings.Contains(body, "0x5123") {
		t.Errorf("eth_chainId = %d %s", code, body)
	}
	if code, body := ask("evil.example", "eth_chainId"); code != http.StatusForbidden {
		t.Errorf("eth_chainId for host evil.example = %d %s", code, body)
	}
	for _, method := range []string{"admin_nodeInfo", "debug_setHead", "dev_addWithdrawal", "personal_listAccounts", "miner_stop", "txpool_content", "engine_forkchoiceUpdatedV3"} {
		if _, body := ask("", method); !strings.Contains(body, "does not exist") {
			t.Errorf("%s = %s", method, body)
		}
	}
}

func TestAWalletDialsIn(t *testing.T) {
	ch := open(t, config(t, t.TempDir()))
	c, err := ethclient.DialContext(t.Context(), ch.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	id, err := c.ChainID(t.Context())
	if err != nil || id.Uint64() != chain.DefaultID {
		t.Errorf("ChainID = %v, %v", id, err)
	}
}

func TestBlockTimeStaysNearTheClock(t *testing.T) {
	cfg := config(t, t.TempDir())
	cfg.Drift = 1
	ch := open(t, cfg)
	for range 4 {
		r := pay(t, ch)
		h, err := ch.Client().HeaderByHash(t.Context(), r.BlockHash)
		if err != nil {
			t.Fatal(err)
		}
		if now := uint64(time.Now().Unix()); h.Time > now+1 {
			t.Errorf("block %v is of %d, the clock says %d", h.Number, h.Time, now)
		}
	}
}

func TestWaitingEndsWithTheChainOrTheContext(t *testing.T) {
	ch := open(t, config(t, t.TempDir()))
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("had enough"))
	if err := ch.WaitDurable(ctx, 1); abi.KindOf(err) != abi.Unavailable || !strings.Contains(err.Error(), "had enough") {
		t.Errorf("WaitDurable = %v", err)
	}
	if err := ch.WaitDurable(ctx, 0); err != nil {
		t.Errorf("WaitDurable for a block that is durable = %v", err)
	}
	done := make(chan error, 1)
	go func() { done <- ch.WaitDurable(t.Context(), 1) }()
	if err := ch.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; abi.KindOf(err) != abi.Unavailable {
		t.Errorf("WaitDurable on a chain that closes = %v", err)
	}
	if err := ch.Err(); err != nil {
		t.Errorf("Err after Close = %v", err)
	}
}

func TestOnlyWarningsOfGoEthereumAreLogged(t *testing.T) {
	var b bytes.Buffer
	cfg := config(t, t.TempDir())
	cfg.Log = slog.New(slog.NewTextHandler(&b, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ch := open(t, cfg)
	pay(t, ch)
	if err := ch.Close(); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(b.String()) {
		if !strings.Contains(line, "level=WARN") || !strings.Contains(line, "from=go-ethereum") {
			t.Errorf("logged %s", line)
		}
	}
}
