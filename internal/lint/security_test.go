package lint

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A claim in SECURITY.md names its tests as `folder TestName`.
var heldBy = regexp.MustCompile("`([a-z/]+) ((?:Test|Fuzz)[A-Za-z0-9]+)`")

func TestSecurityNamesTestsThatExist(t *testing.T) {
	root := filepath.Join("..", "..")
	text, err := os.ReadFile(filepath.Join(root, "SECURITY.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := heldBy.FindAllStringSubmatch(string(text), -1)
	if len(names) < 40 {
		t.Errorf("SECURITY.md names %d tests; was its form changed?", len(names))
	}
	for _, m := range names {
		files, err := filepath.Glob(filepath.Join(root, m[1], "*_test.go"))
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, f := range files {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			found = found || strings.Contains(string(b), "func "+m[2]+"(")
		}
		if !found {
			t.Errorf("SECURITY.md: %s has no %s", m[1], m[2])
		}
	}
}
