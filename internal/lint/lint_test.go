// Package lint holds the rules the compiler does not know. They run with the
// other tests, so there is no second tool to install.
package lint

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/cloister-ai/cloister"

// layers says what each top-level folder may import of this module. The order
// is the order of the arrows: cmd → {host, gpu, market} → abi.
var layers = map[string][]string{
	"abi":      {"abi"},
	"host":     {"host", "abi"},
	"gpu":      {"gpu", "abi"},
	"market":   {"market", "abi"},
	"plugins":  {"abi", "plugins"},
	"cmd":      {"cmd", "host", "gpu", "market", "abi"},
	"examples": {"host", "gpu", "market", "abi"},
	"internal": {"abi", "internal", "gpu"},
}

// homes says which packages alone may import a heavy dependency.
var homes = map[string][]string{
	"github.com/tetratelabs/wazero":   {"host/sandbox"},
	"github.com/nats-io/":             {"host/fleet"},
	"gorgonia.org/":                   {"gpu/engine", "gpu/gorgonia", "examples/gorgonia"},
	"github.com/NVIDIA/go-nvml":       {"gpu"},
	"github.com/hashicorp/go-plugin":  {"gpu/driver"},
	"github.com/ebitengine/purego":    {"gpu"},
	"google.golang.org/grpc":          {"gpu/driver"},
	"github.com/ethereum/go-ethereum": {"market"},
	"go.etcd.io/bbolt":                {"host/fleet"},
	"github.com/alecthomas/kong":      {"cmd/cloister"},
	"gonum.org/v1/plot":               {"cmd/cloister"},
}

// list runs go list over the module for the given target and returns lines of
// "package import import …".
func list(t *testing.T, env ...string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"/...")
	cmd.Env = append(cmd.Environ(), env...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

func TestImportsFollowTheArrows(t *testing.T) {
	edges := 0
	for _, line := range list(t) {
		f := strings.Fields(line)
		pkg := strings.TrimPrefix(f[0], module+"/")
		for _, imp := range f[1:] {
			if in, ok := strings.CutPrefix(imp, module+"/"); ok {
				edges++
				if !slices.Contains(layers[top(pkg)], top(in)) {
					t.Errorf("%s imports %s: not an allowed arrow", pkg, in)
				}
			}
		}
	}
	if edges < 20 {
		t.Errorf("saw %d imports inside the module: the rule checked nothing", edges)
	}
}

func TestHeavyDependenciesHaveOneHome(t *testing.T) {
	seen := map[string]bool{}
	for _, line := range list(t) {
		f := strings.Fields(line)
		pkg := strings.TrimPrefix(f[0], module+"/")
		for _, imp := range f[1:] {
			for dep, packages := range homes {
				if !strings.HasPrefix(imp, dep) {
					continue
				}
				seen[dep] = true
				home := func(p string) bool { return pkg == p || strings.HasPrefix(pkg, p+"/") }
				if !slices.ContainsFunc(packages, home) && top(pkg) != "internal" {
					t.Errorf("%s imports %s: only %s may", pkg, imp, strings.Join(packages, ", "))
				}
			}
		}
	}
	for dep := range homes {
		if !seen[dep] && dep != "github.com/NVIDIA/go-nvml" { // behind its build tag
			t.Errorf("nothing imports %s: the rule is stale", dep)
		}
	}
}

// guestHalf is what an app may import: abi/wire is what hosts say to each other.
var guestHalf = []string{"abi", "abi/guest", "abi/picture", "abi/recipe", "abi/sound", "abi/text"}

func TestGuestsImportOnlyTheirHalf(t *testing.T) {
	apps := 0
	for _, line := range list(t, "GOOS=wasip1", "GOARCH=wasm") {
		f := strings.Fields(line)
		pkg := strings.TrimPrefix(f[0], module+"/")
		if top(pkg) != "plugins" {
			continue
		}
		apps++
		for _, imp := range f[1:] {
			if in, ok := strings.CutPrefix(imp, module+"/"); ok && !slices.Contains(guestHalf, in) && top(in) != "plugins" {
				t.Errorf("%s imports %s: an app imports no more than %v", pkg, in, guestHalf)
			}
		}
	}
	if apps == 0 {
		t.Error("no apps found: the rule checked nothing")
	}
}

func top(pkg string) string { first, _, _ := strings.Cut(pkg, "/"); return first }
