// Package text turns text into the numbers that language models take: byte
// pairs as GPT-2 has them, and word pieces as BERT has them.
package text

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cloister-ai/cloister/abi"
)

// Bounds on a vocabulary.
const (
	MaxTokens = 1 << 18
	maxToken  = 512 // bytes
)

func invalid(format string, args ...any) error {
	return fmt.Errorf("text: "+format+": %w", append(args, abi.Invalid)...)
}

// ParseJSON reads a vocabulary as GPT-2's vocab.json is: an object of token and
// id. It returns the tokens in the order of their ids. Errors: Invalid, also for
// ids that are not all of those from zero up.
func ParseJSON(b []byte) ([]string, error) {
	var ids map[string]int
	if err := json.Unmarshal(b, &ids); err != nil {
		return nil, invalid("vocabulary: %w", err)
	}
	if len(ids) == 0 || len(ids) > MaxTokens {
		return nil, invalid("vocabulary of %d tokens, want 1 to %d", len(ids), MaxTokens)
	}
	tokens := make([]string, len(ids))
	seen := make([]bool, len(ids))
	for token, id := range ids {
		if id < 0 || id >= len(ids) || seen[id] {
			return nil, invalid("vocabulary: token %q has id %d, ids are those from 0 to %d, once each", clip(token), id, len(ids)-1)
		}
		tokens[id], seen[id] = token, true
	}
	return tokens, check(tokens)
}

// ParseLines reads a vocabulary as BERT's vocab.txt is: a token a line. Errors:
// Invalid.
func ParseLines(b []byte) ([]string, error) {
	lines := strings.Split(strings.TrimSuffix(strings.ReplaceAll(string(b), "\r\n", "\n"), "\n"), "\n")
	if len(lines) > MaxTokens {
		return nil, invalid("vocabulary of %d tokens, want 1 to %d", len(lines), MaxTokens)
	}
	return lines, check(lines)
}

// ParseMerges reads GPT-2's merges.txt, two tokens a line, and returns the
// vocabulary that follows from it: the bytes, what the merges make, in their
// order, and the end of a text. Errors: Invalid.
func ParseMerges(b []byte) ([]string, error) {
	var tokens []string
	seen := map[string]bool{}
	add := func(token string) {
		tokens = append(tokens, token)
		seen[token] = true
	}
	for _, r := range alphabetInOrder() {
		add(string(r))
	}
	for i, line := range bytes.Split(b, []byte("\n")) {
		s := strings.TrimSuffix(string(line), "\r")
		if s == "" || i == 0 && strings.HasPrefix(s, "#version") {
			continue
		}
		left, right, ok := strings.Cut(s, " ")
		if !ok || !seen[left] || !seen[right] || seen[left+right] || len(tokens) == MaxTokens {
			return nil, invalid("merges: line %d, %q, does not join two tokens that are there to a new one, or there are more than %d", i+1, clip(s), MaxTokens)
		}
		add(left + right)
	}
	add(endOfText)
	return tokens, check(tokens)
}

const endOfText = "<|endoftext|>"

// check refuses tokens that nobody could mean.
func check(tokens []string) error {
	seen := make(map[string]bool, len(tokens))
	for id, t := range tokens {
		if t == "" || len(t) > maxToken || !utf8.ValidString(t) || seen[t] {
			return invalid("vocabulary: token %d, %q, is empty, longer than %d bytes, not UTF-8 or there already", id, clip(t), maxToken)
		}
		seen[t] = true
	}
	return nil
}

// Bytes returns a token a byte.
func Bytes(s string) []int {
	ids := make([]int, len(s))
	for i := range len(s) {
		ids[i] = int(s[i])
	}
	return ids
}

// clip keeps a text from outside short enough for an error.
func clip(s string) string {
	if len(s) > 32 {
		return s[:32] + "…"
	}
	return s
}
