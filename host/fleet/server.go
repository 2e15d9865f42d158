package fleet

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/cloister-ai/cloister/abi"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// ServerConfig says where a server listens and keeps its keys.
type ServerConfig struct {
	Dir  string // required: TLS key, members, last port; made if it is not there
	Addr string // zero means 127.0.0.1:0; port 0 means the last one if it is free, else any
	Log  *slog.Logger
}

// A Server is the bus: connections in this process and one TLS port for
// others. JetStream, clustering, monitoring and every other way in are off.
type Server struct {
	nats  *server.Server
	who   *members
	owner Identity
	pin   abi.Digest
	addr  string
}

// StartServer starts the bus; the caller closes it. ctx bounds the start.
// Errors: Unavailable naming the port when somebody else has it, Invalid for a
// folder of another version.
func StartServer(ctx context.Context, cfg ServerConfig) (*Server, error) {
	if cfg.Dir == "" {
		return nil, fmt.Errorf("fleet: server without a folder: %w", abi.Invalid)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("fleet: %w: %w", abi.Internal, err)
	}
	host, port, err := splitAddr(cmp.Or(cfg.Addr, "127.0.0.1:0"))
	if err != nil {
		return nil, err
	}
	s := &Server{}
	if s.owner, err = NewIdentity(); err != nil {
		return nil, err
	}
	if s.who, err = openMembers(filepath.Join(cfg.Dir, "members.json")); err != nil {
		return nil, err
	}
	cert, err := openCert(filepath.Join(cfg.Dir, "tls.key"))
	if err != nil {
		return nil, err
	}
	s.pin = abi.Sum(cert.Leaf.RawSubjectPublicKeyInfo)

	last := filepath.Join(cfg.Dir, "port")
	log := cmp.Or(cfg.Log, slog.New(slog.DiscardHandler))
	if before := lastPort(last); port == 0 && before != 0 {
		if err := s.start(ctx, host, before, cert, log); err == nil {
			return s, nil
		}
	}
	if err := s.start(ctx, host, port, cert, log); err != nil {
		return nil, err
	}
	_, chosen, _ := splitAddr(s.addr)
	if err := writeFile(last, []byte(strconv.Itoa(chosen))); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// start runs the server on one port; 0 means any.
func (s *Server) start(ctx context.Context, host string, port int, cert tls.Certificate, log *slog.Logger) error {
	addr := net.JoinHostPort(host, strconv.Itoa(port))
	if port == 0 {
		port = server.RANDOM_PORT
	} else if l, err := net.Listen("tcp", addr); err != nil { // the server itself does not say why
		return fmt.Errorf("fleet: port %d of %s is taken or not ours; choose another: %w: %w", port, host, abi.Unavailable, err)
	} else {
		_ = l.Close() // nothing was accepted
	}
	ns, err := server.NewServer(&server.Options{
		ServerName: "cloister", Host: host, Port: port,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS13},
		TLS:       true, TLSHandshakeFirst: true, TLSTimeout: 5, AuthTimeout: 5,
		AlwaysEnableNonce: true, CustomClientAuthentication: gatekeeper{s},
		MaxPayload: maxMessage + 8<<10, MaxPending: 16 * maxMessage, MaxConn: 4096, MaxSubs: 64,
		NoSigs: true, NoLog: true,
	})
	if err != nil {
		return fmt.Errorf("fleet: server: %w: %w", abi.Invalid, err)
	}
	natsLog := &natsLogger{log: log, fatal: make(chan string, 1)}
	ns.SetLoggerV2(natsLog, false, false, false)
	ns.Start()
	s.nats = ns
	for !ns.ReadyForConnections(50 * time.Millisecond) {
		select {
		case why := <-natsLog.fatal:
			s.Close()
			return fmt.Errorf("fleet: server on %s: %s: %w", addr, why, abi.Unavailable)
		case <-ctx.Done():
			s.Close()
			return fmt.Errorf("fleet: server on %s is not ready: %w: %w", addr, abi.Unavailable, context.Cause(ctx))
		default:
		}
	}
	s.addr = ns.Addr().String()
	return nil
}

// Close disconnects everybody and stops the server.
func (s *Server) Close() {
	s.nats.Shutdown()
	s.nats.WaitForShutdown()
}

// Addr is the host and port others dial.
func (s *Server) Addr() string { return s.addr }

// Token is the standing token of role: good for any number of machines, until
// Rotate.
func (s *Server) Token(role Role) (Token, error) {
	code, err := s.who.code(role)
	return Token{role, s.pin, code, s.addr}, err
}

// Invite returns a token that is good once, within a day: the machine that
// uses it first keeps the role.
func (s *Server) Invite(role Role) (Token, error) {
	code, err := s.who.invite(role)
	return Token{role, s.pin, code, s.addr}, err
}

// Rotate makes the standing token of role no good, and another in its place.
// Connections made with it stay until they end.
func (s *Server) Rotate(role Role) error { return s.who.rotate(role) }

// Revoke takes the role from the machine of that id that an invite gave it.
// Connections it has stay until they end.
func (s *Server) Revoke(id string) error { return s.who.revoke(id) }

var localName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}$`)

// Conn connects the owner, in this process and over no network. The name is
// the connection's id; a host and a client of one process take two. The caller
// closes it before the server. Errors: Invalid for a name that is not lower-case
// letters, digits and hyphens.
func (s *Server) Conn(name string) (*Conn, error) {
	if !localName.MatchString(name) {
		return nil, fmt.Errorf("fleet: connection name %q, want lower-case letters, digits and hyphens: %w", name, abi.Invalid)
	}
	return connect(name, "", s.owner, nats.InProcessServer(s.nats), nats.Name(name))
}

// gatekeeper decides who connects: the nonce must be signed by the key shown,
// and the key must be the owner's, a member's, or come with a code.
type gatekeeper struct{ s *Server }

func (g gatekeeper) Check(c server.ClientAuthentication) bool {
	o := c.GetOpts()
	if c.Kind() != server.CLIENT {
		return false
	}
	pub, err := nkeys.FromPublicKey(o.Nkey)
	if err != nil || !nkeys.IsValidPublicUserKey(o.Nkey) {
		return false
	}
	sig, err := base64.RawURLEncoding.DecodeString(o.Sig)
	if err != nil || pub.Verify(c.GetNonce(), sig) != nil {
		return false
	}
	if o.Nkey == g.s.owner.id {
		c.RegisterUser(&server.User{Username: o.Name})
		return localName.MatchString(o.Name)
	}
	code, err := b64.DecodeString(o.Token)
	if err != nil {
		return false
	}
	role, ok := g.s.who.admit(o.Nkey, code)
	if ok {
		c.RegisterUser(&server.User{Username: o.Nkey, Permissions: permissions(role, o.Nkey)})
	}
	return ok
}

func splitAddr(addr string) (string, int, error) {
	host, text, err := net.SplitHostPort(addr)
	port, perr := strconv.ParseUint(text, 10, 16)
	if err != nil || perr != nil {
		return "", 0, fmt.Errorf("fleet: address %q, want host:port: %w", addr, abi.Invalid)
	}
	return host, int(port), nil
}

// lastPort is the port used before, or zero: it is a convenience, so that
// tokens stay good, and may be missing.
func lastPort(path string) int {
	b, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 16)
	return int(n)
}

// openCert makes a certificate for the key at path, which it makes first if
// there is none. Only the key matters: tokens pin it.
func openCert(path string) (tls.Certificate, error) {
	fail := func(kind abi.Kind, err error) (tls.Certificate, error) {
		return tls.Certificate{}, fmt.Errorf("fleet: %s: %w: %w", path, kind, err)
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if b, err = newTLSKey(); err == nil {
			err = writeFile(path, b)
		}
	}
	if err != nil {
		return fail(abi.Internal, err)
	}
	block, _ := pem.Decode(b)
	if block == nil {
		return fail(abi.Invalid, errors.New("no PEM block"))
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return fail(abi.Invalid, err)
	}
	key, ok := k.(*ecdsa.PrivateKey)
	if !ok {
		return fail(abi.Invalid, fmt.Errorf("holds a %T", k))
	}
	t := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "cloister"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return fail(abi.Internal, err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return fail(abi.Internal, err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}

func newTLSKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// natsLogger passes the server's own words on, and keeps its last one when it
// gives up, which it has no other way to say.
type natsLogger struct {
	log   *slog.Logger
	once  sync.Once
	fatal chan string
}

func (l *natsLogger) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l *natsLogger) Warnf(format string, v ...any)   { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l *natsLogger) Errorf(format string, v ...any)  { l.log.Info(fmt.Sprintf(format, v...)) }
func (l *natsLogger) Debugf(string, ...any)           {}
func (l *natsLogger) Tracef(string, ...any)           {}
func (l *natsLogger) Fatalf(format string, v ...any) {
	l.once.Do(func() { l.fatal <- fmt.Sprintf(format, v...) })
}
