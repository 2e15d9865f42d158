package recipe

import (
	"fmt"
	"unicode/utf8"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/text"
)

// maxLetters bounds the bytes of a text.
const maxLetters = 1 << 20

func readText(b *bowl, _ step) error {
	if len(b.file) > maxLetters || !utf8.Valid(b.file) {
		return fmt.Errorf("%d bytes that are not UTF-8, or more than %d: %w", len(b.file), maxLetters, abi.Invalid)
	}
	b.text = string(b.file)
	return nil
}

func lower(b *bowl, _ step) error {
	b.text = text.Lower(b.text)
	return nil
}

func asBytes(b *bowl, _ step) error {
	b.tokens(text.Bytes(b.text))
	return nil
}

func bytePairs(b *bowl, _ step) error {
	t, err := text.NewBPE(b.vocabulary)
	if err != nil {
		return err
	}
	ids, err := t.Encode(b.text)
	b.tokens(ids)
	return err
}

func wordPieces(b *bowl, _ step) error {
	t, err := text.NewWordPiece(b.vocabulary)
	if err != nil {
		return err
	}
	b.tokens(t.Encode(b.text))
	return nil
}

// tokens takes ids, which a float32 holds exactly: a vocabulary has far fewer
// than 2²⁴.
func (b *bowl) tokens(ids []int) {
	b.x = make([]float32, len(ids))
	for i, id := range ids {
		b.x[i] = float32(id)
	}
	b.real = len(ids)
}

// mask says of each place whether a token of the text stands there.
func mask(b *bowl, _ step) error {
	for i := range b.x {
		b.x[i] = 0
		if i < b.real {
			b.x[i] = 1
		}
	}
	return nil
}

// Check tries the vocabulary on the steps that need one. Errors: Invalid for one
// of another kind.
func (r Recipe) Check() error {
	for _, s := range r.steps {
		if s.word != "bpe" && s.word != "wordpiece" {
			continue
		}
		if err := verbs[s.word].do(&bowl{vocabulary: r.vocabulary}, s); err != nil {
			return fmt.Errorf("%s: %w", s.word, err)
		}
	}
	return nil
}
