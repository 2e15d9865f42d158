package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// writeSums writes the SHA-256 sums of this generator and of what it generated, by
// which a test knows that nothing is stale.
func writeSums(to string) error {
	var b strings.Builder
	for _, pattern := range []string{"kernelgen/*.go", "../../gpu/kernel/*_amd64.s"} {
		files, err := filepath.Glob(pattern) // sorted
		if err != nil {
			return err
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "%x  %s\n", sha256.Sum256(text), filepath.ToSlash(f))
		}
	}
	return os.WriteFile(to, []byte(b.String()), 0o644)
}
