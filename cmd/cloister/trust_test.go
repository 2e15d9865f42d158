package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/store"
	"github.com/cloister-ai/cloister/host/vault"
	"github.com/cloister-ai/cloister/market"
)

// A stranger may list content he does not have, under a policy of his own, buy
// it from himself and ask; he may also give that asset to whoever has the key.
func TestAKeyLeavesOnlyForTheListingOfWhoHoldsIt(t *testing.T) {
	state := stateDir(t.TempDir())
	holder, err := state.party(seller)
	if err != nil {
		t.Fatal(err)
	}
	other, err := state.party(user)
	if err != nil {
		t.Fatal(err)
	}
	content, key := abi.Sum([]byte("records")), vault.NewKey()
	if err := holder.keys.Put(content, key); err != nil {
		t.Fatal(err)
	}
	svc := &keyService{&site{state: state}}
	listed := func(by abi.Address, kind wire.AssetKind) wire.Purchase {
		return wire.Purchase{Kind: kind, Content: content, Asset: market.ListingID(by, kind, content)}
	}
	if got, err := svc.key(listed(holder.key.Address(), wire.Dataset)); err != nil || got != key {
		t.Errorf("key of the holder's own listing: %v", err)
	}
	for name, tt := range map[string]struct {
		bought wire.Purchase
		kind   abi.Kind
	}{
		"a stranger":                        {listed(abi.Address{7}, wire.Dataset), abi.Denied},
		"a party here that has no key":      {listed(other.key.Address(), wire.Dataset), abi.NotFound},
		"nobody":                            {wire.Purchase{Kind: wire.Dataset, Content: content}, abi.Denied},
		"the holder, as something it isn't": {wire.Purchase{Kind: wire.Model, Content: content, Asset: market.ListingID(holder.key.Address(), wire.Dataset, content)}, abi.Denied},
	} {
		if got, err := svc.key(tt.bought); !errors.Is(err, tt.kind) || !got.IsZero() {
			t.Errorf("listed by %s: %v; want %v and no key", name, err, tt.kind)
		}
	}
}

func TestAResultIsBelievedOnlyAsAHostOfTheOrderSignedIt(t *testing.T) {
	id := func(s string) abi.Digest { return abi.Sum([]byte(s)) }
	machine := abi.Address{3}
	type scene struct {
		receipt wire.Receipt
		res     wire.Result
	}
	o := order{
		Job:   wire.Job{Request: wire.Request{ID: id("job"), App: id("app"), Data: id("data"), Slot: id("slot"), Body: id("body")}},
		Hosts: []abi.Address{{2}, machine},
	}
	honest := func() scene {
		metric := wire.Metric{Name: "accuracy", Value: .5, Records: 60}
		b, err := wire.Marshal(metric)
		if err != nil {
			t.Fatal(err)
		}
		return scene{
			wire.Receipt{Job: id("job"), App: id("app"), Data: id("data"), Slot: id("slot"), Body: id("body"), Host: machine, Releases: []wire.Release{
				{Kind: "output", Digest: id("sealed")}, {Kind: "metric", Name: "accuracy", Digest: abi.Sum(b)}, {Kind: "model", Name: "m", Digest: id("model")},
			}},
			wire.Result{Output: []byte("sealed"), Metrics: []wire.Metric{metric}, Models: []wire.TrainedModel{{Name: "m", Content: id("model")}}},
		}
	}
	s := honest()
	if err := o.matches(s.receipt, s.res); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*scene){
		"another job":                 func(s *scene) { s.receipt.Job = id("else") },
		"another body":                func(s *scene) { s.receipt.Body = id("else") },
		"a host it was not sealed to": func(s *scene) { s.receipt.Host = abi.Address{9} },
		"another output":              func(s *scene) { s.res.Output = []byte("forged") },
		"another metric":              func(s *scene) { s.res.Metrics[0].Value = .9 },
		"a metric more":               func(s *scene) { s.res.Metrics = append(s.res.Metrics, s.res.Metrics[0]) },
		"another model":               func(s *scene) { s.res.Models[0].Content = id("else") },
		"a model under another name":  func(s *scene) { s.res.Models[0].Name = "n" },
		"nothing":                     func(s *scene) { s.res = wire.Result{} },
		"no releases":                 func(s *scene) { s.receipt.Releases = nil },
	} {
		s := honest()
		spoil(&s)
		if err := o.matches(s.receipt, s.res); !errors.Is(err, abi.Denied) {
			t.Errorf("%s: %v, want %v", name, err, abi.Denied)
		}
	}
}

func TestNamesOfStrangersCannotDriveTheTerminal(t *testing.T) {
	const evil = "cat\x1b[2J\x1b]0;owned\a\nfree\tforever\u202e\u009b1m"
	blobs, err := store.Open(store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	page, err := blobs.PutBytes([]byte(`{"name":"cat\u001b[2J\u001b]0;owned\u0007\nfree\tforever\u202e\u009b1m"}`))
	if err != nil {
		t.Fatal(err)
	}
	var out, table, failed bytes.Buffer
	s := &site{store: blobs}
	for _, uri := range []string{uriScheme + page.String(), evil} {
		name := s.describe(market.Asset{URI: uri}).Name
		if strings.ContainsAny(name, "\n\t") {
			t.Errorf("name %q can look like more than one cell", name)
		}
		if err := (&terminal{out: &table}).table(nil, "NAME PRICE", func(w io.Writer) { fmt.Fprintf(w, "%s\t1\n", name) }); err != nil {
			t.Fatal(err)
		}
	}
	fail(&failed, fmt.Errorf("app: %s: %w", evil, abi.Guest))
	(&story{t: &terminal{out: &out}}).say("%s", evil)
	for where, b := range map[string]string{"table": table.String(), "error": failed.String(), "story": out.String()} {
		if !strings.Contains(b, "cat") || strings.ContainsAny(b, "\x1b\a\u202e\u009b") {
			t.Errorf("%s prints %q", where, b)
		}
	}
	if n := strings.Count(table.String(), "\n"); n != 4 {
		t.Errorf("two tables of one row have %d lines:\n%s", n, table.String())
	}
}

func TestAPageIsNoPlaceForADataset(t *testing.T) {
	blobs, err := store.Open(store.Config{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	big, err := blobs.PutBytes([]byte(`{"name":"big","text":"` + strings.Repeat("x", maxPage) + `"}`))
	if err != nil {
		t.Fatal(err)
	}
	s := &site{store: blobs}
	if d := s.describe(market.Asset{URI: uriScheme + big.String()}); d.Name != "" {
		t.Errorf("a page of more than %d bytes was read: %q", maxPage, d.Name)
	}
	if d := s.describe(market.Asset{URI: strings.Repeat("y", 5000)}); len([]rune(d.Name)) != maxName {
		t.Errorf("a name of 5000 bytes became one of %d", len(d.Name))
	}
}

// A page of a stranger, open in the owner's browser, may have its own name
// point at this machine.
func TestTheOwnersPageAnswersThisMachineOnly(t *testing.T) {
	h := fromHere(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	for host, want := range map[string]int{
		"127.0.0.1:9464": http.StatusTeapot, "localhost:9464": http.StatusTeapot, "[::1]:9464": http.StatusTeapot, "localhost": http.StatusTeapot,
		"evil.example:9464": http.StatusForbidden, "127.0.0.1.evil.example": http.StatusForbidden, "192.168.0.1:9464": http.StatusForbidden, "": http.StatusForbidden,
	} {
		r, w := httptest.NewRequest(http.MethodGet, "/v1/jobs", nil), httptest.NewRecorder()
		r.Host = host
		if h.ServeHTTP(w, r); w.Code != want {
			t.Errorf("asked as %q: status %d, want %d", host, w.Code, want)
		}
	}
}

func TestAFolderThatAnybodyMayWriteIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	if err := stateDir(dir).open(); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := stateDir(dir).open(); !errors.Is(err, abi.Denied) {
		t.Errorf("open = %v, want %v", err, abi.Denied)
	}
}
