package sandbox_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/host/sandbox"

	"github.com/google/go-cmp/cmp"
)

// The specification lists what the tables list, with as many parameters, and
// nothing else.
func TestTheSpecificationIsTheTable(t *testing.T) {
	b, err := os.ReadFile("../../abi/README.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented []sandbox.Import
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z_]+)\\(([^)]*)\\)` \\|").FindAllStringSubmatch(string(b), -1) {
		n := 0
		if m[2] != "" {
			n = strings.Count(m[2], ",") + 1
		}
		documented = append(documented, sandbox.Import{Name: m[1], Params: n})
	}
	byName := func(a, b sandbox.Import) int { return strings.Compare(a.Name, b.Name) }
	table := sandbox.Imports()
	slices.SortFunc(table, byName)
	slices.SortFunc(documented, byName)
	if d := cmp.Diff(table, documented); d != "" {
		t.Errorf("abi/README.md differs from the table (-table +README):\n%s", d)
	}

	_, wasi, _ := strings.Cut(string(b), "## WASI")
	wasi, _, _ = strings.Cut(wasi, "## Attributes")
	var names []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*`) \\|").FindAllStringSubmatch(wasi, -1) {
		for _, m := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			names = append(names, m[1])
		}
	}
	want := sandbox.WASIImports()
	slices.Sort(want)
	slices.Sort(names)
	if d := cmp.Diff(want, names); d != "" {
		t.Errorf("abi/README.md differs from the WASI table (-table +README):\n%s", d)
	}
}

// The Go SDK imports every function of the table, in its order.
func TestTheGoSDKHasEveryImport(t *testing.T) {
	b, err := os.ReadFile("../../abi/guest/imports.go")
	if err != nil {
		t.Fatal(err)
	}
	var sdk []string
	for _, m := range regexp.MustCompile(`(?m)^//go:wasmimport cloister_v1 ([a-z_]+)$`).FindAllStringSubmatch(string(b), -1) {
		sdk = append(sdk, m[1])
	}
	var table []string
	for _, im := range sandbox.Imports() {
		table = append(table, im.Name)
	}
	if d := cmp.Diff(table, sdk); d != "" {
		t.Errorf("abi/guest differs from the table (-table +SDK):\n%s", d)
	}
}
