// Package examples_test runs every example as its README does.
package examples_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/cloister-ai/cloister/internal/readme"
)

var root, bin string // of this repository, and what make build left for this run

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "cloister-examples-")
	if err == nil {
		defer os.RemoveAll(dir)
		bin = filepath.Join(dir, "bin")
		root, err = filepath.Abs("..")
	}
	if err == nil {
		err = readme.Build(root, bin)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// TestTheReadmesAreTrue runs the commands of each example's README, in a folder
// that looks like the repository.
func TestTheReadmesAreTrue(t *testing.T) {
	examples, err := filepath.Glob("*/README.md")
	if err != nil {
		t.Fatal(err)
	}
	if len(examples) < 6 {
		t.Errorf("found only %q", examples)
	}
	for _, path := range examples {
		t.Run(filepath.Dir(path), func(t *testing.T) {
			dir := readme.Checkout(t, root, bin)
			readme.Run(t, path, dir, "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"),
				"CLOISTER_STATE="+filepath.Join(dir, "unnamed")) // a README that names none must not touch the user's
		})
	}
}
