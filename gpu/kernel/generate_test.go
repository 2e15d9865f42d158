package kernel

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheAssemblyIsNotStale: after a change of the generator, go generate rewrites
// the assembly and the sums of both.
func TestTheAssemblyIsNotStale(t *testing.T) {
	const tools = "../../internal/tools"
	text, err := os.ReadFile("testdata/kernelgen.sum")
	if err != nil {
		t.Fatal(err)
	}
	sums := map[string]string{}
	for line := range strings.Lines(string(text)) {
		sum, path, _ := strings.Cut(strings.TrimSpace(line), "  ")
		sums[path] = sum
	}
	seen := 0
	for _, pattern := range []string{"kernelgen/*.go", "../../gpu/kernel/*_amd64.s"} {
		files, err := filepath.Glob(filepath.Join(tools, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.TrimSuffix(pattern, filepath.Base(pattern)) + filepath.Base(f)
			if got := fmt.Sprintf("%x", sha256.Sum256(text)); got != sums[name] {
				t.Errorf("%s changed: run go generate ./gpu/kernel", name)
			}
			seen++
		}
	}
	if seen == 0 || seen != len(sums) {
		t.Errorf("%d files, %d sums: run go generate ./gpu/kernel", seen, len(sums))
	}
}
