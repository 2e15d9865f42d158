package abi

import "errors"

// A Kind classes an error by what the caller can do about it. It is itself an
// error, so packages wrap it and callers test it with errors.Is:
//
//	return fmt.Errorf("gate: app %v is not on the list: %w", app, abi.Denied)
//
// A Kind crosses the sandbox as a negative i32, NATS as a code and the shell as
// an exit status. Values are part of the ABI: append, never reorder.
type Kind uint8

// The kinds, and what a caller does about each.
const (
	Other       Kind = iota // unclassified
	Invalid                 // malformed request: fix it
	Denied                  // a gate said no: change the request or the policy
	NotFound                // no such module, dataset, tensor, job
	Exhausted               // a granted limit was used up
	Unavailable             // try again, perhaps on another node
	Guest                   // the app failed by itself: trap or non-zero exit
	Internal                // our bug
)

var kinds = [...]string{"other", "invalid", "denied", "not found", "exhausted", "unavailable", "guest failure", "internal"}

func (k Kind) Error() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return "unknown kind"
}

// KindOf returns the outermost Kind err wraps, or Other.
func KindOf(err error) Kind {
	k, _ := errors.AsType[Kind](err)
	return k
}

// Errno returns what an import hands the guest for err: zero for nil, else the
// negated Kind. An unclassified error is our bug, so it reads as Internal.
func Errno(err error) int32 {
	if err == nil {
		return 0
	}
	k := KindOf(err)
	if k == Other {
		k = Internal
	}
	return -int32(k)
}

// Retryable reports whether the same request may succeed elsewhere.
func (k Kind) Retryable() bool { return k == Unavailable }
