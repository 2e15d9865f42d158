package market_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/market"
	"github.com/cloister-ai/cloister/market/chain"
	"github.com/cloister-ai/cloister/market/contracts"
)

// shopEnv names the folder in which a copy of this program sells until it is
// killed.
const shopEnv = "CLOISTER_TEST_SHOP"

func TestMain(m *testing.M) {
	if dir := os.Getenv(shopEnv); dir != "" {
		err := runShop(context.Background(), dir, os.Stdout)
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const (
	shopBuyers = 3
	shopPrice  = 7
)

// A shop is a chain in a folder with one seller and shopBuyers buyers, who are
// the same each time it opens.
type shop struct {
	chain  *chain.Chain
	seller *market.Client
	buyers []*market.Client
	asset  market.Asset
}

func openShop(ctx context.Context, dir string) (*shop, error) {
	operator, err := keyIn(dir, "operator")
	if err != nil {
		return nil, err
	}
	ch, err := chain.Open(ctx, chain.Config{Dir: filepath.Join(dir, "chain"), Drift: 100_000, Params: contracts.Params{Operator: operator.Address()}})
	if err != nil {
		return nil, err
	}
	c, err := market.New(ctx, ch, market.Config{Key: operator})
	if err != nil {
		return nil, err
	}
	s := &shop{chain: ch}
	for i := range 1 + shopBuyers {
		k, err := keyIn(dir, fmt.Sprintf("party%d", i))
		if err != nil {
			return nil, err
		}
		if _, err := c.Fund(ctx, k.Address()); err != nil {
			return nil, err
		}
		s.buyers = append(s.buyers, c.As(k))
	}
	s.seller, s.buyers = s.buyers[0], s.buyers[1:]
	s.asset, _, err = s.seller.List(ctx, market.Listing{Kind: wire.App, Content: digest("app"), Price: shopPrice})
	return s, err
}

func keyIn(dir, name string) (*market.Key, error) {
	file := filepath.Join(dir, name+".key")
	k, err := market.LoadKey(file)
	if abi.KindOf(err) == abi.NotFound {
		return market.CreateKey(file)
	}
	return k, err
}

// orderNumber is the n-th thing a buyer ever buys.
func (s *shop) orderNumber(buyer, n int) market.Order {
	return market.Order{Ref: digest(fmt.Sprintf("order %d of buyer %d", n, buyer)), Items: []market.Item{{Asset: s.asset.ID}}}
}

// runShop lets every buyer buy, settle and say so on w, until it is killed.
func runShop(ctx context.Context, dir string, w io.Writer) error {
	s, err := openShop(ctx, dir)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "open")
	var mu sync.Mutex
	failed := make(chan error)
	for i, c := range s.buyers {
		go func() {
			for n := 0; ; n++ {
				b, tx, err := c.Buy(ctx, s.orderNumber(i, n))
				if err != nil {
					failed <- err
					return
				}
				if tx.Again { // bought before a kill
					continue
				}
				mu.Lock()
				fmt.Fprintf(w, "bought %d %d %x\n", i, n, b.Receipts[0].ID[:])
				mu.Unlock()
				if n%3 == 0 {
					if _, _, err := c.Settle(ctx, b.IDs()); err != nil {
						failed <- err
						return
					}
					mu.Lock()
					fmt.Fprintf(w, "settled %d %d %x\n", i, n, b.Receipts[0].ID[:])
					mu.Unlock()
				}
			}
		}()
	}
	return <-failed
}

// An acknowledgement is one line that the shop printed before it died.
type acknowledgement struct {
	what     string
	buyer, n int
	id       abi.Digest
}

func TestNothingAcknowledgedIsLostOnKillMinus9(t *testing.T) {
	dir := t.TempDir()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	acks := make(map[acknowledgement]bool)
	for round := range 6 {
		after := time.Duration(random.Int64N(int64(400 * time.Millisecond)))
		for _, a := range killShop(t, dir, round%2 == 0, after) {
			acks[a] = true
		}
		checkShop(t, dir, acks)
	}
	t.Logf("%d acknowledgements", len(acks))
	if len(acks) == 0 {
		t.Error("the shop never sold anything")
	}
}

// killShop runs the shop in another process, kills it some time after it opened,
// or after it sold something, and returns what it had acknowledged.
func killShop(t *testing.T, dir string, sold bool, after time.Duration) []acknowledgement {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), shopEnv+"="+dir)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "open" {
		cmd.Wait()
		t.Fatalf("the shop did not open: %q\n%s", lines.Text(), stderr.String())
	}
	kill := func() { cmd.Process.Kill() }
	if !sold {
		time.AfterFunc(after, kill)
	}
	var acks []acknowledgement
	for lines.Scan() {
		if sold {
			sold = false
			time.AfterFunc(after, kill)
		}
		var a acknowledgement
		var id string
		if n, _ := fmt.Sscanf(lines.Text(), "%s %d %d %s", &a.what, &a.buyer, &a.n, &id); n != 4 || len(id) != 64 {
			continue // cut short by the kill: nobody read it as an acknowledgement
		}
		b, err := hex.DecodeString(id)
		if err != nil {
			t.Fatalf("line %q: %v", lines.Text(), err)
		}
		a.id = abi.Digest(b)
		acks = append(acks, a)
	}
	cmd.Wait()
	if got := stderr.String(); strings.TrimSpace(got) != "" {
		t.Fatalf("the shop failed before it was killed: %s", got)
	}
	return acks
}

// checkShop opens the folder again: everything acknowledged is there, nothing
// was paid twice, and no credit is missing.
func checkShop(t *testing.T, dir string, acks map[acknowledgement]bool) {
	t.Helper()
	ctx := t.Context()
	s, err := openShop(ctx, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.chain.Close(); err != nil {
			t.Error(err)
		}
	}()
	receipts := make(map[abi.Digest]market.Receipt)
	var total, held uint64
	for i, c := range s.buyers {
		bought, err := c.Purchases(ctx, c.Address())
		if err != nil {
			t.Fatal(err)
		}
		refs := make(map[abi.Digest]bool)
		escrow := uint64(0)
		for n, r := range bought {
			if refs[r.ID] {
				t.Errorf("buyer %d has receipt %v twice", i, r.ID)
			}
			refs[r.ID] = true
			receipts[r.ID] = r
			if r.State == market.Held {
				escrow += r.Paid
			}
			b, tx, err := c.Buy(ctx, s.orderNumber(i, n))
			if err != nil || !tx.Again || b.Receipts[0].ID != r.ID {
				t.Fatalf("order %d of buyer %d, sent again = %+v, %+v, %v; want receipt %v and nothing sent", n, i, b, tx, err, r.ID)
			}
		}
		balance, err := c.Balance(ctx, c.Address())
		if err != nil {
			t.Fatal(err)
		}
		if want := uint64(1000*market.Credit - shopPrice*len(bought)); balance.Credits != want || balance.Escrowed != escrow {
			t.Errorf("buyer %d has %d and %d in escrow after %d purchases; want %d and %d", i, balance.Credits, balance.Escrowed, len(bought), want, escrow)
		}
		total += balance.Credits
		held += escrow
	}
	for a := range acks {
		r, ok := receipts[a.id]
		if !ok {
			t.Errorf("%s order %d of buyer %d: receipt %v is gone", a.what, a.n, a.buyer, a.id)
		}
		if a.what == "settled" && r.State != market.Settled {
			t.Errorf("receipt %v was settled and is %v", a.id, r.State)
		}
	}
	at := s.chain.Addresses()
	for _, who := range []abi.Address{at.Market, at.Payroll, s.seller.Address()} {
		b, err := s.seller.Balance(ctx, who)
		if err != nil {
			t.Fatal(err)
		}
		if who == at.Market && b.Credits != held {
			t.Errorf("Market has %d, holds %d", b.Credits, held)
		}
		total += b.Credits
	}
	if want := uint64((1 + shopBuyers) * 1000 * market.Credit); total != want {
		t.Errorf("%d units of credit exist, want %d", total, want)
	}
}
