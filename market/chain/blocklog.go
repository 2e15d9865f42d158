package chain

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"

	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core"
	"github.com/ethereum/go-ethereum/core/types"
	"github.com/ethereum/go-ethereum/rlp"

	"github.com/cloister-ai/cloister/abi"
)

const (
	blockFile = "blocks.log"
	maxBlock  = 64 << 20 // bytes of one record
)

// A blockLog is every block of the chain, one after the other, in a file that
// depends on nothing of go-ethereum's storage: with the genesis file it is
// enough to make the chain again, block by block with the same hashes.
//
// A record is the length and the CRC-32C of its payload, both little-endian
// uint32, then the payload, a block in RLP. Block n is record n-1.
type blockLog struct {
	file *os.File
	size int64       // bytes of whole records
	last uint64      // number of the last block; 0: none
	tip  common.Hash // its hash
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openBlockLog opens or makes the log in dir. A record that a crash cut short is
// dropped; damage anywhere else is Invalid.
func openBlockLog(dir string) (*blockLog, error) {
	name := filepath.Join(dir, blockFile)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("chain: %w: %w", abi.Unavailable, err)
	}
	l := &blockLog{file: f}
	if err := l.recover(name); err != nil {
		f.Close()
		return nil, err
	}
	if err := syncDir(dir); err != nil {
		f.Close()
		return nil, fmt.Errorf("chain: %w: %w", abi.Unavailable, err)
	}
	return l, nil
}

// recover finds the end of the whole records and cuts off what follows.
func (l *blockLog) recover(name string) error {
	info, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("chain: %w: %w", abi.Unavailable, err)
	}
	err = l.each(func(b *types.Block, end int64) error {
		l.size, l.last, l.tip = end, b.NumberU64(), b.Hash()
		return nil
	})
	switch {
	case errors.Is(err, errCut):
		if err := l.file.Truncate(l.size); err != nil {
			return fmt.Errorf("chain: %s: %w: %w", name, abi.Unavailable, err)
		}
		return l.sync()
	case err != nil:
		return fmt.Errorf("chain: %s, at byte %d of %d: %w", name, l.size, info.Size(), err)
	}
	return nil
}

// errCut says that the last record ends before it is whole.
var errCut = fmt.Errorf("record is cut short: %w", abi.Invalid)

// each calls f with every block from the start of the file and the offset behind
// its record.
func (l *blockLog) each(f func(b *types.Block, end int64) error) error {
	info, err := l.file.Stat()
	if err != nil {
		return fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	r := bufio.NewReaderSize(io.NewSectionReader(l.file, 0, info.Size()), 1<<20)
	var end int64
	for n := uint64(1); ; n++ {
		payload, err := readRecord(r, info.Size()-end)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		var b types.Block
		if err := rlp.DecodeBytes(payload, &b); err != nil {
			return fmt.Errorf("block %d: %w: %w", n, abi.Invalid, err)
		}
		if b.NumberU64() != n {
			return fmt.Errorf("record %d is block %d: %w", n-1, b.NumberU64(), abi.Invalid)
		}
		end += 8 + int64(len(payload))
		if err := f(&b, end); err != nil {
			return err
		}
	}
}

// readRecord reads one record of a file that has left bytes left. It returns
// io.EOF at the end, and errCut when the file ends inside the record: in a log
// that is only appended to, that is what a crash leaves.
func readRecord(r io.Reader, left int64) ([]byte, error) {
	if left == 0 {
		return nil, io.EOF
	}
	var head [8]byte
	if left < int64(len(head)) {
		return nil, errCut
	}
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	size, sum := binary.LittleEndian.Uint32(head[:4]), binary.LittleEndian.Uint32(head[4:])
	last := int64(size) >= left-int64(len(head))
	if int64(size) > left-int64(len(head)) {
		return nil, errCut
	}
	if size == 0 && sum == 0 { // a file system may grow a file before it fills it
		return nil, errCut
	}
	if size > maxBlock {
		return nil, fmt.Errorf("record of %d bytes, at most %d: %w", size, maxBlock, abi.Invalid)
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		return nil, fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	if crc32.Checksum(payload, castagnoli) != sum {
		if last {
			return nil, errCut
		}
		return nil, fmt.Errorf("record is damaged: %w", abi.Invalid)
	}
	return payload, nil
}

// append adds a block and returns when it is on disk.
func (l *blockLog) append(b *types.Block) error {
	if err := l.write(b); err != nil {
		return err
	}
	return l.sync()
}

func (l *blockLog) write(b *types.Block) error {
	if b.NumberU64() != l.last+1 {
		return fmt.Errorf("chain: block %d after %d in the log: %w", b.NumberU64(), l.last, abi.Internal)
	}
	payload, err := rlp.EncodeToBytes(b)
	if err != nil {
		return fmt.Errorf("chain: block %d: %w: %w", b.NumberU64(), abi.Internal, err)
	}
	record := make([]byte, 8, 8+len(payload))
	binary.LittleEndian.PutUint32(record[:4], uint32(len(payload)))
	binary.LittleEndian.PutUint32(record[4:], crc32.Checksum(payload, castagnoli))
	record = append(record, payload...)
	if _, err := l.file.WriteAt(record, l.size); err != nil {
		return fmt.Errorf("chain: log block %d: %w: %w", b.NumberU64(), abi.Unavailable, err)
	}
	l.size += int64(len(record))
	l.last, l.tip = b.NumberU64(), b.Hash()
	return nil
}

func (l *blockLog) sync() error {
	if err := l.file.Sync(); err != nil {
		return fmt.Errorf("chain: log: %w: %w", abi.Unavailable, err)
	}
	return nil
}

func (l *blockLog) close() error { return l.file.Close() }

// reconcile brings the log and go-ethereum's database to the same head: blocks
// that only the log has are run again, blocks that only the database has are
// written down. It returns how many were run again.
func (l *blockLog) reconcile(bc *core.BlockChain) (replayed int, err error) {
	head := bc.CurrentBlock().Number.Uint64()
	if n := min(head, l.last); n > 0 {
		have := bc.GetCanonicalHash(n)
		err := l.each(func(b *types.Block, _ int64) error {
			if b.NumberU64() == n && b.Hash() != have {
				return fmt.Errorf("chain: block %d is %v in the log and %v in the database: %w", n, b.Hash(), have, abi.Invalid)
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
	}
	if l.last > head {
		err := l.each(func(b *types.Block, _ int64) error {
			if b.NumberU64() <= head {
				return nil
			}
			if _, err := bc.InsertChain(types.Blocks{b}); err != nil {
				return fmt.Errorf("chain: run block %d again: %w: %w", b.NumberU64(), abi.Invalid, err)
			}
			replayed++
			return nil
		})
		return replayed, err
	}
	for n := l.last + 1; n <= head; n++ {
		b := bc.GetBlockByNumber(n)
		if b == nil {
			return 0, fmt.Errorf("chain: the database has no block %d: %w", n, abi.Invalid)
		}
		if err := l.write(b); err != nil {
			return 0, err
		}
	}
	return 0, l.sync()
}
