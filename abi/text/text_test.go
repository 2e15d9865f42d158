package text_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/text"

	"pgregory.net/rapid"
)

// merges joins to "hello", " world", "'s" and runs of spaces.
const merges = "#version: 0.2\nh e\nl l\nhe ll\nhell o\nĠ w\no r\nĠw or\nĠwor l\nĠworl d\nĠ Ġ\n"

func bpe(t testing.TB) (*text.BPE, []string) {
	t.Helper()
	tokens, err := text.ParseMerges([]byte(merges))
	if err != nil {
		t.Fatal(err)
	}
	b, err := text.NewBPE(tokens)
	if err != nil {
		t.Fatal(err)
	}
	return b, tokens
}

func TestBytePairsAreJoinedInTheOrderOfTheirIds(t *testing.T) {
	b, tokens := bpe(t)
	if len(tokens) != 256+10+1 || tokens[0] != "!" || tokens[220] != "Ġ" || tokens[256] != "he" || tokens[266] != "<|endoftext|>" {
		t.Fatalf("%d tokens, %q…", len(tokens), tokens[255:])
	}
	for s, want := range map[string][]string{
		"hello world":   {"hello", "Ġworld"},
		"helloworld":    {"hello", "w", "or", "l", "d"},
		"he's ok":       {"he", "'", "s", "Ġ", "o", "k"},
		"a   world":     {"a", "ĠĠ", "Ġworld"},
		"a\n\nb":        {"a", "Ċ", "Ċ", "b"},
		"end  ":         {"e", "n", "d", "ĠĠ"},
		"é":             {"Ã", "©"},
		"12ll":          {"1", "2", "ll"},
		"":              nil,
		"<|endoftext|>": {"<", "|", "e", "n", "d", "o", "f", "t", "e", "x", "t", "|", ">"},
	} {
		ids, err := b.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, id := range ids {
			got = append(got, tokens[id])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
	if _, err := b.Encode(strings.Repeat("a", 10_000)); !errors.Is(err, abi.Invalid) {
		t.Errorf("a word of 10,000 bytes: %v", err)
	}
}

// Whatever the text, the bytes of its tokens are its bytes.
func TestNoByteIsLost(t *testing.T) {
	b, tokens := bpe(t)
	raw := map[rune]byte{}
	for v := range 256 {
		ids, err := b.Encode(string([]byte{byte(v)}))
		if err != nil || len(ids) != 1 {
			t.Fatalf("byte %d is %v, %v", v, ids, err)
		}
		raw[[]rune(tokens[ids[0]])[0]] = byte(v)
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "s")
		ids, err := b.Encode(s)
		if err != nil {
			t.Fatal(err)
		}
		var back []byte
		for _, id := range ids {
			for _, r := range tokens[id] {
				back = append(back, raw[r])
			}
		}
		if string(back) != s {
			t.Fatalf("%q became %q", s, back)
		}
	})
}

func TestWordPieces(t *testing.T) {
	tokens := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "un", "##aff", "##able", "runs", "!", "中", "cafe", "##s"}
	w, err := text.NewWordPiece(tokens)
	if err != nil {
		t.Fatal(err)
	}
	for s, want := range map[string][]int{
		"unaffable runs!":         {2, 4, 5, 6, 7, 8, 3},
		" runs\truns\x00 ":        {2, 7, 7, 3},
		"unknown":                 {2, 1, 3},
		"中中":                      {2, 9, 9, 3},
		"":                        {2, 3},
		text.Lower("CAFÉS"):       {2, 10, 11, 3},
		text.Lower("Cafe\u0301s"): {2, 10, 11, 3},
		strings.Repeat("un", 60):  {2, 1, 3},
	} {
		if got := w.Encode(s); !slices.Equal(got, want) {
			t.Errorf("%.20q is %v, want %v", s, got, want)
		}
	}
	if got := text.Lower("ÀÇÐØßÞŁŐŸŽ"); got != "acðøßþłoyz" {
		t.Errorf("lower: %q", got)
	}
	if _, err := text.NewWordPiece(tokens[1:3]); !errors.Is(err, abi.Invalid) {
		t.Errorf("without [SEP]: %v", err)
	}
}

func TestVocabulariesAreChecked(t *testing.T) {
	if got, err := text.ParseJSON([]byte(`{"b":1,"a":0}`)); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "[]", "{}", `{"a":1}`, `{"a":0,"b":0}`, `{"a":-1}`, `{"":0}`, `{"a":0.5}`} {
		if _, err := text.ParseJSON([]byte(bad)); !errors.Is(err, abi.Invalid) {
			t.Errorf("JSON %q: %v; want %v", bad, err, abi.Invalid)
		}
	}
	if got, err := text.ParseLines([]byte("a\r\nb\n")); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "a\n\nb", "a\na", "\xff", strings.Repeat("x", 600)} {
		if _, err := text.ParseLines([]byte(bad)); !errors.Is(err, abi.Invalid) {
			t.Errorf("lines %.10q: %v; want %v", bad, err, abi.Invalid)
		}
	}
	for _, bad := range []string{"h", "h e\nh e", "he l", "h  e"} {
		if _, err := text.ParseMerges([]byte(bad)); !errors.Is(err, abi.Invalid) {
			t.Errorf("merges %q: %v; want %v", bad, err, abi.Invalid)
		}
	}
	for _, bad := range [][]string{nil, {"a"}, {"日"}} {
		if _, err := text.NewBPE(bad); !errors.Is(err, abi.Invalid) {
			t.Errorf("tokens %q: %v; want %v", bad, err, abi.Invalid)
		}
	}
}

func FuzzVocabularies(f *testing.F) {
	f.Add([]byte(merges))
	f.Add([]byte(`{"a":0,"b":1}`))
	f.Add([]byte("[UNK]\n[CLS]\n[SEP]\na\n##b"))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, parse := range []func([]byte) ([]string, error){text.ParseJSON, text.ParseLines, text.ParseMerges} {
			tokens, err := parse(b)
			if err != nil {
				if !errors.Is(err, abi.Invalid) {
					t.Errorf("%v; want %v", err, abi.Invalid)
				}
				continue
			}
			if w, err := text.NewWordPiece(tokens); err == nil {
				w.Encode(string(b))
			}
			if p, err := text.NewBPE(tokens); err == nil && len(b) < 1000 {
				if _, err := p.Encode(string(b)); err != nil {
					t.Error(err)
				}
			}
		}
	})
}
