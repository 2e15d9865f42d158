package contracts_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gabi "github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/google/go-cmp/cmp"

	"github.com/cloister-ai/cloister/market/bindings/assets"
	"github.com/cloister-ai/cloister/market/bindings/credits"
	"github.com/cloister-ai/cloister/market/bindings/faucet"
	"github.com/cloister-ai/cloister/market/bindings/market"
	"github.com/cloister-ai/cloister/market/bindings/payroll"
)

const remedy = "run market/contracts/build.sh"

// An artefact is what compile.js writes.
type artefact struct {
	Name, Compiler, Manifest, Bytecode string
	ABI                                json.RawMessage
}

func TestArtefactsAreOfTheseSources(t *testing.T) {
	sources, err := filepath.Glob("src/*.sol")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	slices.Sort(sources)
	var manifest strings.Builder
	for _, name := range append(slices.Clone(sources), "compile.js", "package-lock.json") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&manifest, "%x  %s\n", sha256.Sum256(b), filepath.ToSlash(name))
	}
	committed, err := os.ReadFile("artifacts/MANIFEST")
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != manifest.String() {
		t.Errorf("artifacts/MANIFEST is stale, %s:\n%s\nwant\n%s", remedy, committed, manifest.String())
	}
	digest := sha256.Sum256([]byte(manifest.String()))
	for _, source := range sources {
		a := readArtefact(t, strings.TrimSuffix(filepath.Base(source), ".sol"))
		if a.Manifest != hex.EncodeToString(digest[:]) {
			t.Errorf("%s was compiled from manifest %s, not %x: %s", a.Name, a.Manifest, digest, remedy)
		}
	}
	all, err := filepath.Glob("artifacts/*.json")
	if err != nil || len(all) != len(sources) {
		t.Errorf("%d artefacts for %d sources (%v): %s", len(all), len(sources), err, remedy)
	}
}

func TestBindingsAreOfTheseArtefacts(t *testing.T) {
	for name, b := range map[string]struct{ abi, bin string }{
		"Credits": {credits.CreditsMetaData.ABI, credits.CreditsMetaData.Bin},
		"Payroll": {payroll.PayrollMetaData.ABI, payroll.PayrollMetaData.Bin},
		"Assets":  {assets.AssetsMetaData.ABI, assets.AssetsMetaData.Bin},
		"Market":  {market.MarketMetaData.ABI, market.MarketMetaData.Bin},
		"Faucet":  {faucet.FaucetMetaData.ABI, faucet.FaucetMetaData.Bin},
	} {
		a := readArtefact(t, name)
		if a.Bytecode != b.bin {
			t.Errorf("binding of %s has %d characters of bytecode, the artefact %d others: %s", name, len(b.bin), len(a.Bytecode), remedy)
		}
		if diff := cmp.Diff(members(t, string(a.ABI)), members(t, b.abi)); diff != "" {
			t.Errorf("binding of %s has another interface than its artefact, %s (-artefact +binding):\n%s", name, remedy, diff)
		}
	}
}

// members lists what can be called, emitted and reverted with.
func members(t *testing.T, spec string) []string {
	t.Helper()
	parsed, err := gabi.JSON(strings.NewReader(spec))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, m := range parsed.Methods {
		list = append(list, m.String())
	}
	for _, e := range parsed.Events {
		list = append(list, e.String())
	}
	for _, e := range parsed.Errors {
		list = append(list, e.String())
	}
	slices.Sort(list)
	return list
}

func readArtefact(t *testing.T, name string) artefact {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("artifacts", name+".json"))
	if err != nil {
		t.Fatalf("%v: %s", err, remedy)
	}
	var a artefact
	if err := json.Unmarshal(b, &a); err != nil {
		t.Fatal(err)
	}
	return a
}
