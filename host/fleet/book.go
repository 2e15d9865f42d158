package fleet

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// The buckets of the broker's file.
var (
	bucketMeta    = []byte("meta")    // "version" → bookVersion
	bucketJobs    = []byte("jobs")    // id → record
	bucketOrder   = []byte("order")   // seq, big-endian → id
	bucketBodies  = []byte("bodies")  // id → job, until it ended
	bucketResults = []byte("results") // id → result
	bucketUses    = []byte("uses")    // receipt ‖ id → nothing
	bucketHosts   = []byte("hosts")   // connection → card
)

// bookVersion is what this build writes. It reads version 1, which has no scores,
// and makes it version 2.
const bookVersion = 2

func openBook(path string) (*bbolt.DB, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: 2 * time.Second, FreelistType: bbolt.FreelistMapType})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("fleet: %s is in use by another process: %w", path, abi.Unavailable)
	}
	if err != nil {
		return nil, fmt.Errorf("fleet: %s: %w: %w", path, abi.Internal, err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if meta := tx.Bucket(bucketMeta); meta != nil {
			v := meta.Get([]byte("version"))
			if bytes.Equal(v, []byte{1}) {
				return meta.Put([]byte("version"), []byte{bookVersion})
			}
			if !bytes.Equal(v, []byte{bookVersion}) {
				return fmt.Errorf("fleet: %s is of version %v, this build reads version %d: %w", path, v, bookVersion, abi.Invalid)
			}
			return nil
		}
		for _, name := range [][]byte{bucketMeta, bucketJobs, bucketOrder, bucketBodies, bucketResults, bucketUses, bucketHosts} {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return tx.Bucket(bucketMeta).Put([]byte("version"), []byte{bookVersion})
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// A page is one transaction on the book: opened when first needed, committed
// only when something was written. One goroutine uses it.
type page struct {
	db    *bbolt.DB
	tx    *bbolt.Tx
	dirty bool
	torn  error // what went wrong: nothing since begin may be committed
}

// tear notes that the book itself failed.
func (p *page) tear(err error) error {
	p.torn = fmt.Errorf("fleet: book: %w: %w", abi.Internal, err)
	return p.torn
}

// bucket returns a bucket of the transaction, which it begins if need be.
func (p *page) bucket(name []byte) (*bbolt.Bucket, error) {
	if p.tx == nil {
		tx, err := p.db.Begin(true)
		if err != nil {
			return nil, p.tear(err)
		}
		p.tx = tx
	}
	return p.tx.Bucket(name), nil
}

func (p *page) put(bucket, key []byte, v any) error {
	b, err := wire.Marshal(v)
	if err != nil {
		return p.tear(err)
	}
	return p.putBytes(bucket, key, b)
}

func (p *page) putBytes(bucket, key, value []byte) error {
	bkt, err := p.bucket(bucket)
	if err != nil {
		return err
	}
	p.dirty = true
	if err := bkt.Put(key, value); err != nil {
		return p.tear(err)
	}
	return nil
}

func (p *page) remove(bucket, key []byte) error {
	bkt, err := p.bucket(bucket)
	if err != nil {
		return err
	}
	p.dirty = true
	if err := bkt.Delete(key); err != nil {
		return p.tear(err)
	}
	return nil
}

// get decodes the value of key into v and reports whether there is one.
func (p *page) get(bucket, key []byte, v any) (bool, error) {
	bkt, err := p.bucket(bucket)
	if err != nil {
		return false, err
	}
	b := bkt.Get(key)
	if b == nil {
		return false, nil
	}
	if err := wire.Unmarshal(b, v); err != nil {
		return false, p.tear(fmt.Errorf("%s of %x: %w", bucket, key, err))
	}
	return true, nil
}

// end commits what was written, durably.
func (p *page) end() error {
	if p.torn != nil || p.tx == nil {
		return p.torn
	}
	tx := p.tx
	p.tx = nil
	if !p.dirty {
		return tx.Rollback()
	}
	p.dirty = false
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("fleet: book: %w: %w", abi.Internal, err)
	}
	return nil
}

// drop ends the transaction as if it had not been.
func (p *page) drop() {
	if p.tx != nil {
		_ = p.tx.Rollback() // nothing to lose
	}
	p.tx, p.dirty, p.torn = nil, false, nil
}

// uses returns the jobs that receipt pays for, at most most of them.
func (p *page) uses(receipt abi.Digest, most uint64) ([]abi.Digest, error) {
	bkt, err := p.bucket(bucketUses)
	if err != nil {
		return nil, err
	}
	var jobs []abi.Digest
	c := bkt.Cursor()
	for k, _ := c.Seek(receipt[:]); bytes.HasPrefix(k, receipt[:]) && uint64(len(jobs)) < most; k, _ = c.Next() {
		jobs = append(jobs, abi.Digest(k[len(receipt):]))
	}
	return jobs, nil
}

func useKey(receipt, job abi.Digest) []byte { return slices.Concat(receipt[:], job[:]) }

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(nil, seq) }
