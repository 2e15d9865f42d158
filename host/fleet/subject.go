package fleet

import (
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// Subjects. One line each: this block is the wire map. Every subject ends in
// the id of the connection that publishes, which the server enforces, so who
// asks is never taken from a message.
const (
	subject = "cloister.v1."

	opSubmit = "submit"   // client → broker: a job
	opWait   = "wait"     // client → broker: long poll for a change or the result
	opCancel = "cancel"   // client → broker: stop a job, signed by a payer
	opJobs   = "jobs"     // client → broker: the client's own jobs, page by page
	opRoster = "roster"   // client or host → broker: who serves a slot, signed
	opJoin   = "join"     // host → broker: the host's card, signed
	opLease  = "lease"    // host → broker: long poll for a job
	opRenew  = "renew"    // host → broker: still running, this far
	opCommit = "commit"   // host → broker: a result or an error, once
	opKey    = "key"      // host, or client for its own machine → seller: the key of a dataset or model
	opGet    = "blob.get" // client or host → store: a piece of a sealed or public blob
	opPut    = "blob.put" // host → store: a piece of a sealed result
	opTell   = "tell"     // broker → host: renew now, something changed
)

func subjectOf(op, id string) string { return subject + op + "." + id }

// inboxOf is where replies to a connection go; only it may listen there.
func inboxOf(id string) string { return "_INBOX_" + id }

// whoAsked returns the id a subject ends in.
func whoAsked(subj string) string { return subj[strings.LastIndexByte(subj, '.')+1:] }

// may lists what each role publishes. Nothing else is allowed: the list has no
// exceptions to take back, because deny rules are where servers went wrong.
var may = map[Role][]string{
	RoleHost:   {opJoin, opLease, opRenew, opCommit, opRoster, opKey, opGet, opPut},
	RoleClient: {opSubmit, opWait, opCancel, opJobs, opRoster, opKey, opGet},
}

// permissions is what the server lets a connection of role do.
func permissions(role Role, id string) *server.Permissions {
	p := &server.Permissions{
		Publish:   &server.SubjectPermission{},
		Subscribe: &server.SubjectPermission{Allow: []string{inboxOf(id) + ".>"}},
	}
	for _, op := range may[role] {
		p.Publish.Allow = append(p.Publish.Allow, subjectOf(op, id))
	}
	if role == RoleHost {
		p.Subscribe.Allow = append(p.Subscribe.Allow, subjectOf(opTell, id))
	}
	return p
}

// The clock of leases. Tests run it in virtual time.
const (
	confirmFor  = 5 * time.Second  // a host that does not renew at once never got the job
	leaseFor    = 30 * time.Second // a host that is silent this long has lost its job
	renewEvery  = 10 * time.Second
	sweepEvery  = time.Second      // how late a lapse may be noticed
	pollFor     = 20 * time.Second // one long poll
	callFor     = 10 * time.Second // one short call
	rosterFor   = 10 * time.Minute
	presentFor  = 2 * time.Minute // a host silent this long is not in rosters
	patienceFor = 30 * time.Second
	localityFor = time.Minute // a job that waited longer goes to whoever asks
)

// The bounds of everything.
const (
	maxMessage  = 4 << 20 // bytes of one message, as the server enforces
	maxBody     = 2 << 20 // bytes of a job's sealed body
	maxOutput   = 2 << 20 // bytes of a result's sealed output
	maxKeys     = 64      // hosts a body is sealed to
	maxReceipts = 16
	maxModels   = 16
	maxMetrics  = 64
	maxText     = 4 << 10
	maxCached   = 1 << 10 // contents a host names when it asks for work
	maxPage     = 200
	maxHosts    = 1 << 10
	maxPending  = 1 << 16 // jobs that wait
	maxLosses   = 3       // leases of one job that may end badly
	pieceBytes  = 256 << 10
)
