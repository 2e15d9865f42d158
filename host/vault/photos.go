package vault

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/picture"

	"golang.org/x/sync/errgroup"
)

const (
	maxPhotoFile = 64 << 20
	decoders     = 2  // photos decoded side by side
	ahead        = 16 // photos decoded before their turn
)

// photos is a folder of labelled photos: folder/label/photo.jpg.
type photos struct {
	in       picture.Input
	classes  []string
	files    []photo
	most     int64 // pixels
	skip     bool
	progress func(done, total int64)
	kept     []int // photos read, by label
	left     []error
}

type photo struct {
	path  string
	label int
}

func openPhotos(cfg PackConfig) (*photos, error) {
	in, err := picture.Parse(cmp.Or(cfg.Input, "rgb32x32/255"))
	if err != nil {
		return nil, err
	}
	if in.Channels == 0 {
		return nil, fmt.Errorf("vault: pack: %s holds photos, input %v is not of images: %w", cfg.Source, in, abi.Invalid)
	}
	p := &photos{in: in, most: cfg.MaxPixels, skip: cfg.Skip, progress: cfg.Progress}
	if p.most == 0 {
		p.most = picture.MaxPixels
	}
	return p, p.list(cfg.Source)
}

// list finds the labels and their photos. What it does not know is refused,
// not left out: a misplaced photo would be a wrong dataset.
func (p *photos) list(dir string) error {
	refuse := func(format string, args ...any) error {
		return fmt.Errorf("vault: pack: "+format+": %w", append(args, abi.Invalid)...)
	}
	top, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("vault: pack: %w: %w", abi.NotFound, err)
	}
	for _, e := range top {
		path := filepath.Join(dir, e.Name())
		switch {
		case hidden(e.Name()):
			continue
		case !isDir(path):
			if note(e.Name()) {
				continue
			}
			return refuse("%s lies beside the label folders: move it into one or away", path)
		}
		if len(p.classes) == maxClasses {
			return refuse("%s has more than %d label folders", dir, maxClasses)
		}
		before := len(p.files)
		if err := p.listLabel(path); err != nil {
			return err
		}
		if len(p.files) == before {
			return refuse("label folder %s has no photos", path)
		}
		p.classes = append(p.classes, e.Name())
	}
	if len(p.classes) < 2 {
		return refuse("%s has %d label folders, want at least 2: photos stand in %s", dir, len(p.classes), filepath.Join(dir, "LABEL", "photo.jpg"))
	}
	return nil
}

func (p *photos) listLabel(dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("vault: pack: %w: %w", abi.Internal, err)
	}
	for _, e := range list {
		path := filepath.Join(dir, e.Name())
		switch {
		case hidden(e.Name()):
		case isDir(path):
			return fmt.Errorf("vault: pack: %s is a folder in a label folder: %w", path, abi.Invalid)
		case !slices.Contains([]string{".jpg", ".jpeg", ".png"}, strings.ToLower(filepath.Ext(path))):
			return fmt.Errorf("vault: pack: %s is no .jpg, .jpeg or .png: move it away: %w", path, abi.Invalid)
		default:
			p.files = append(p.files, photo{path, len(p.classes)})
		}
	}
	return nil
}

// hidden names the files that systems leave in folders.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || name == "Thumbs.db" || name == "desktop.ini"
}

// note names what people put beside data: a licence, a readme.
func note(name string) bool {
	ext := strings.ToLower(filepath.Ext(name))
	return ext == ".md" || ext == ".txt" || ext == "" && name == strings.ToUpper(name)
}

func isDir(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.IsDir()
}

// records decodes the photos side by side and emits them in order.
func (p *photos) records(ctx context.Context, emit func([]byte, int) error) error {
	type decoded struct {
		rec []byte
		err error
	}
	p.kept = make([]int, len(p.classes))
	turn := make(chan chan decoded, ahead) // the order photos are emitted in
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		defer close(turn)
		work, _ := errgroup.WithContext(ctx)
		work.SetLimit(decoders)
		defer work.Wait() //nolint:errcheck // errors go through the channels
		for _, f := range p.files {
			done := make(chan decoded, 1)
			select {
			case turn <- done:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			work.Go(func() error {
				rec, err := p.read(f.path)
				done <- decoded{rec, err}
				return nil
			})
		}
		return nil
	})
	g.Go(func() error {
		i := 0
		for done := range turn {
			var d decoded
			select {
			case d = <-done:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
			switch {
			case d.err == nil:
				if err := emit(d.rec, p.files[i].label); err != nil {
					return err
				}
				clear(d.rec)
				p.kept[p.files[i].label]++
			case p.skip:
				p.left = append(p.left, d.err)
			default:
				return d.err
			}
			i++
			if p.progress != nil {
				p.progress(int64(i), int64(len(p.files)))
			}
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return err
	}
	return p.whole()
}

// whole checks that skipping left every label some photos.
func (p *photos) whole() error {
	for label, n := range p.kept {
		if n == 0 {
			return fmt.Errorf("vault: pack: no photo of label %q can be read: %w", p.classes[label], p.left[0])
		}
	}
	return nil
}

func (p *photos) read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("vault: pack: %w: %w", abi.Internal, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxPhotoFile+1))
	if err != nil {
		return nil, fmt.Errorf("vault: pack: %w: %w", abi.Internal, err)
	}
	if len(b) > maxPhotoFile {
		return nil, fmt.Errorf("vault: pack: %s has more than %d bytes: %w", path, maxPhotoFile, abi.Invalid)
	}
	rec, err := p.in.Pixels(b, p.most)
	if err != nil {
		return nil, fmt.Errorf("vault: pack: %s: %w", path, err)
	}
	return rec, nil
}

func (p *photos) describe() (picture.Input, abi.DType, []string) { return p.in, abi.Uint8, p.classes }

func (p *photos) skipped() []error { return p.left }
