package fleet

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"

	"github.com/cloister-ai/cloister/abi"
)

// A Role is what a connection may do.
type Role string

// The roles others may have.
const (
	RoleHost   Role = "host"   // runs jobs
	RoleClient Role = "client" // submits them
)

// A Token is all somebody needs to join: where the server is, which key it has,
// and a secret that grants a role. Its text is
//
//	cloister1.ROLE.PIN.CODE@HOST:PORT
type Token struct {
	Role Role
	Pin  abi.Digest // of the server's public key, as SubjectPublicKeyInfo
	Code Code
	Addr string // host:port
}

// A Code is a secret that grants a role.
type Code [16]byte

func newCode() Code {
	var c Code
	rand.Read(c[:]) // never fails: crypto/rand ends the process first
	return c
}

const tokenPrefix = "cloister1"

var b64 = base64.RawURLEncoding.Strict()

// String is the text to hand over. Whoever has it has the role.
func (t Token) String() string {
	return fmt.Sprintf("%s.%s.%s.%s@%s", tokenPrefix, t.Role, b64.EncodeToString(t.Pin[:]), b64.EncodeToString(t.Code[:]), t.Addr)
}

// LogValue leaves the secret out.
func (t Token) LogValue() slog.Value {
	return slog.GroupValue(slog.String("role", string(t.Role)), slog.String("addr", t.Addr))
}

// ParseToken is the inverse of [Token.String]. It accepts nothing else, and no
// error of its shows the code.
func ParseToken(s string) (Token, error) {
	refuse := func(why string) (Token, error) {
		return Token{}, fmt.Errorf("fleet: join token: %s, want %s.ROLE.PIN.CODE@HOST:PORT: %w", why, tokenPrefix, abi.Invalid)
	}
	if len(s) > 512 {
		return refuse(fmt.Sprintf("%d bytes long", len(s)))
	}
	secret, addr, ok := strings.Cut(s, "@")
	parts := strings.Split(secret, ".")
	if !ok || len(parts) != 4 || parts[0] != tokenPrefix {
		return refuse("it has another form")
	}
	t := Token{Role: Role(parts[1]), Addr: addr}
	if _, ok := may[t.Role]; !ok {
		return refuse(fmt.Sprintf("unknown role %q", parts[1]))
	}
	pin, err := b64.DecodeString(parts[2])
	if err != nil || copy(t.Pin[:], pin) != len(t.Pin) || len(pin) != len(t.Pin) {
		return refuse("the server's pin is cut or mistyped")
	}
	code, err := b64.DecodeString(parts[3])
	if err != nil || copy(t.Code[:], code) != len(t.Code) || len(code) != len(t.Code) {
		return refuse("the code is cut or mistyped")
	}
	host, port, err := net.SplitHostPort(addr)
	n, perr := strconv.ParseUint(port, 10, 16)
	if err != nil || perr != nil || n == 0 || host == "" || net.JoinHostPort(host, strconv.FormatUint(n, 10)) != addr || strings.ContainsFunc(host, odd) {
		return refuse(fmt.Sprintf("address %q", addr))
	}
	return t, nil
}

// odd reports what no host name or address has.
func odd(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-_:%", r))
}
