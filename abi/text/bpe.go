package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A BPE joins bytes to tokens, the lowest id first, as GPT-2 does (Radford et
// al., "Language Models are Unsupervised Multitask Learners"; Sennrich et al.,
// arXiv 1508.07909). Ids say the order of merges. It is safe for concurrent use.
type BPE struct{ ids map[string]int } // by the bytes of a token

// maxWord bounds the bytes of one word: joining takes their square.
const maxWord = 8192

// NewBPE returns the tokenizer of a vocabulary in the order of ids, its tokens
// written as GPT-2 does: a printable character a byte. Errors: Invalid for a
// vocabulary without all 256 bytes, or with a character that stands for none.
func NewBPE(tokens []string) (*BPE, error) {
	if len(tokens) > MaxTokens {
		return nil, invalid("vocabulary of %d tokens, at most %d", len(tokens), MaxTokens)
	}
	from := map[rune]byte{}
	for b, r := range alphabet() {
		from[r] = byte(b)
	}
	t := &BPE{make(map[string]int, len(tokens))}
	for id, token := range tokens {
		var b []byte
		for _, r := range token {
			v, ok := from[r]
			if !ok {
				return nil, invalid("vocabulary: token %d, %q, has the character %q, which stands for no byte", id, clip(token), r)
			}
			b = append(b, v)
		}
		if _, ok := t.ids[string(b)]; ok || len(b) == 0 {
			return nil, invalid("vocabulary: token %d, %q, is empty or there already", id, clip(token))
		}
		t.ids[string(b)] = id
	}
	for b := range 256 {
		if _, ok := t.ids[string([]byte{byte(b)})]; !ok {
			return nil, invalid("vocabulary: no token stands for byte %d: it is not one of byte pairs", b)
		}
	}
	return t, nil
}

// alphabet is how GPT-2 writes bytes: printable ones of Latin-1 as they are, the
// others in order from U+0100 on.
func alphabet() (all [256]rune) {
	next := rune(256)
	for b := range all {
		if r := rune(b); '!' <= r && r <= '~' || '¡' <= r && r <= '¬' || '®' <= r && r <= 'ÿ' {
			all[b] = r
			continue
		}
		all[b] = next
		next++
	}
	return all
}

// alphabetInOrder is the alphabet in the order of GPT-2's ids: printable bytes
// first.
func alphabetInOrder() (all []rune) {
	a := alphabet()
	for _, printable := range []bool{true, false} {
		for b, r := range a {
			if (rune(b) == r) == printable {
				all = append(all, r)
			}
		}
	}
	return all
}

// Encode returns the ids of the tokens of s. Errors: Invalid for a word of more
// than 8,192 bytes.
func (t *BPE) Encode(s string) ([]int, error) {
	var ids []int
	for len(s) > 0 {
		n := word(s)
		if n > maxWord {
			return nil, invalid("a word of %d bytes, at most %d", n, maxWord)
		}
		ids = t.join(ids, s[:n])
		s = s[n:]
	}
	return ids, nil
}

// join appends the ids of one word.
func (t *BPE) join(ids []int, w string) []int {
	ends := make([]int, len(w)) // of the parts, which begin where the one before ends
	for i := range ends {
		ends[i] = i + 1
	}
	for {
		best, at := -1, 0
		from := 0
		for i := 0; i+1 < len(ends); i++ {
			if id, ok := t.ids[w[from:ends[i+1]]]; ok && (best < 0 || id < best) {
				best, at = id, i
			}
			from = ends[i]
		}
		if best < 0 {
			break
		}
		ends = append(ends[:at], ends[at+1:]...)
	}
	from := 0
	for _, end := range ends {
		ids = append(ids, t.ids[w[from:end]])
		from = end
	}
	return ids
}

// word returns the bytes of the first word of s, as GPT-2's pattern cuts it:
//
//	's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
func word(s string) int {
	for _, c := range []string{"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"} {
		if strings.HasPrefix(s, c) {
			return len(c)
		}
	}
	start := 0
	if s[0] == ' ' && len(s) > 1 {
		start = 1
	}
	first, _ := utf8.DecodeRuneInString(s[start:])
	if !unicode.IsSpace(first) {
		of := kind(first)
		for i, r := range s[start:] {
			if kind(r) != of {
				return start + i
			}
		}
		return len(s)
	}
	last := 0 // where the last white space begins
	for i, r := range s {
		if !unicode.IsSpace(r) {
			if last > 0 { // it goes with what follows
				return last
			}
			return i
		}
		last = i
	}
	return len(s)
}

// kind tells letters, numbers, white space and everything else apart.
func kind(r rune) int {
	switch {
	case unicode.IsLetter(r):
		return 1
	case unicode.IsNumber(r):
		return 2
	case unicode.IsSpace(r):
		return 3
	}
	return 4
}
