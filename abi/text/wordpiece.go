package text

import (
	"strings"
	"unicode"
)

// A WordPiece cuts words into the longest pieces there are, from the left, as
// BERT does (Devlin et al., arXiv 1810.04805). It is safe for concurrent use.
type WordPiece struct {
	ids               map[string]int
	unknown, cls, sep int
}

// maxPieces is how many characters a word may have before it is unknown: BERT's
// figure.
const maxPieces = 100

// NewWordPiece returns the tokenizer of a vocabulary in the order of ids.
// Errors: Invalid for one without [UNK], [CLS] and [SEP].
func NewWordPiece(tokens []string) (*WordPiece, error) {
	if len(tokens) > MaxTokens {
		return nil, invalid("vocabulary of %d tokens, at most %d", len(tokens), MaxTokens)
	}
	t := &WordPiece{ids: make(map[string]int, len(tokens))}
	for id, token := range tokens {
		t.ids[token] = id
	}
	for name, into := range map[string]*int{"[UNK]": &t.unknown, "[CLS]": &t.cls, "[SEP]": &t.sep} {
		id, ok := t.ids[name]
		if !ok {
			return nil, invalid("vocabulary: no token %s: it is not one of word pieces", name)
		}
		*into = id
	}
	return t, nil
}

// Encode returns [CLS], the ids of the pieces of s, and [SEP].
func (t *WordPiece) Encode(s string) []int {
	ids := []int{t.cls}
	for _, w := range words(s) {
		ids = t.pieces(ids, []rune(w))
	}
	return append(ids, t.sep)
}

// pieces appends the ids of one word, or the unknown one.
func (t *WordPiece) pieces(ids []int, w []rune) []int {
	whole := len(ids)
	if len(w) > maxPieces {
		return append(ids, t.unknown)
	}
	for from := 0; from < len(w); {
		end := len(w)
		for ; end > from; end-- {
			piece := string(w[from:end])
			if from > 0 {
				piece = "##" + piece
			}
			if id, ok := t.ids[piece]; ok {
				ids = append(ids, id)
				break
			}
		}
		if end == from {
			return append(ids[:whole], t.unknown)
		}
		from = end
	}
	return ids
}

// words cuts at white space, and makes a word of every punctuation mark and
// every Chinese character; control characters vanish.
func words(s string) []string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == 0 || r == unicode.ReplacementChar || unicode.IsControl(r) && !unicode.IsSpace(r) || unicode.Is(unicode.Cf, r):
		case punctuation(r) || chinese(r):
			b.WriteString(" " + string(r) + " ")
		default:
			b.WriteRune(r)
		}
	}
	return strings.Fields(b.String())
}

// punctuation is BERT's: what Unicode says, and every ASCII character that is no
// letter, digit or space.
func punctuation(r rune) bool {
	if r < 128 {
		return r > ' ' && r < 127 && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	return unicode.IsPunct(r)
}

func chinese(r rune) bool {
	return r >= 0x4e00 && r <= 0x9fff || r >= 0x3400 && r <= 0x4dbf || r >= 0xf900 && r <= 0xfaff ||
		r >= 0x20000 && r <= 0x2fa1f
}

// Lower returns s in lower case without the accents of Latin-1 and Latin
// Extended-A, as uncased models of European languages want it. Other scripts
// keep their marks.
func Lower(s string) string {
	return strings.Map(func(r rune) rune {
		r = unicode.ToLower(r)
		switch {
		case r >= 0x300 && r <= 0x36f: // a mark on the letter before
			return -1
		case r >= plainFrom && int(r-plainFrom) < len(plain) && plain[r-plainFrom] != '.':
			return rune(plain[r-plainFrom])
		}
		return r
	}, s)
}

// plain has the letter below the accent for each character from U+00E0 to
// U+017F; a dot where there is none.
const (
	plainFrom = 0xe0
	plain     = "aaaaaa.ceeeeiiii.nooooo..uuuuy.y" + // U+00E0
		"aaaaaaccccccccdd" + "..eeeeeeeeeegggg" + // U+0100, U+0110
		"gggghh..iiiiiiii" + "i...jjkk.lllllll" + // U+0120, U+0130
		"l..nnnnnn...oooo" + "oo..rrrrrrssssss" + // U+0140, U+0150
		"sstttt..uuuuuuuu" + "uuuuwwyyyzzzzzz." //   U+0160, U+0170
)
