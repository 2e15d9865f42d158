package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/host/fleet"
	"github.com/cloister-ai/cloister/host/vault"
	"github.com/cloister-ai/cloister/market"

	"github.com/dustin/go-humanize"
)

// A story is the demo: four parties, and what each of them does. Every step
// asks first whether it is done, so a story that was cut off goes on where it
// was when it is played again.
type story struct {
	t    *terminal
	site *site
	apps string // folder of built modules
	data string // folder of photos, or the digits

	seller, developer, owner, user *actor

	plot     []byte // see same
	begun    bool   // the plot was written down before
	intake   intake
	modules  map[string]abi.Digest // content of each app, by name
	dataset  market.Asset
	schema   abi.Schema
	slot     market.Asset
	app      map[string]market.Asset
	training []abi.Digest // receipts, in the order they were bought
	model    market.Asset
	card     vault.Card
	hosts    map[abi.Address]string
	asking   []abi.Digest // the user's receipts
	expiring []abi.Digest // receipts of the user's that were good for a second
	ended    []wire.Job   // jobs that used what they paid for
	gas      uint64
	sent     int
}

// What things cost, in whole credits a job.
const (
	priceData     = 40
	priceSlot     = 2
	priceClassify = 1
	priceModel    = 3
)

// minRecords is how many records the seller wants behind every number that
// leaves; a fifth of the records, the test split, must be as many.
const minRecords = 50

// The apps of the story. The seller lists train and peek in the policy: the
// one because its source was read, the other to see the promise kept.
var storyApps = []struct {
	name, text string
	price      uint64
}{
	{"train", "Trains a convolutional network on labelled images.", 0},
	{"peek", "Tries to read records through every door there is, and reports what it was told.", 0},
	{"classify", "Says what is on a picture.", priceClassify},
	{"echo", "Puts out what it was given.", 0},
}

func (s *story) play(ctx context.Context) error {
	if err := s.same(); err != nil {
		return err
	}
	for i, act := range []struct {
		title string
		play  func(context.Context) error
	}{
		{"The cast", s.meet},
		{"A data seller packs a dataset and sells its use", s.sell},
		{"A host owner offers a slot with two machines behind it", s.offer},
		{"A developer publishes apps and buys the use of the data", s.buyTraining},
		{"The developer's module trains on records it cannot read", s.train},
		{"A probe tries to read a record", s.peek},
		{"The trained model becomes an asset", s.publishModel},
		{"A user without a machine asks the model on the rented slot", s.ask},
		{"The same app on the user's own machine", s.askAtHome},
		{"What is refused", s.refusals},
		{"Everybody is paid", s.settle},
	} {
		s.say("")
		s.say("%2d  %s", i, act.title)
		if err := act.play(ctx); err != nil {
			return err
		}
	}
	return nil
}

// A plot is what a story is about. It is written down before the data is
// packed: a folder tells one story, and another one would mix with it.
type plot struct {
	Data    abi.Digest            `json:"data"`    // of the table, or of the names and sizes of the photos
	Modules map[string]abi.Digest `json:"modules"` // content of each app, by name
}

// same reads what this story is about, and refuses to play another one in a
// folder than the one that was begun there.
func (s *story) same() error {
	now := plot{Modules: map[string]abi.Digest{}}
	for _, a := range storyApps {
		b, err := os.ReadFile(filepath.Join(s.apps, a.name+".wasm"))
		if err != nil {
			return withHint(fmt.Errorf("app %s: %w: %w", a.name, abi.NotFound, err), "build the apps: make apps")
		}
		now.Modules[a.name] = abi.Sum(b)
	}
	var err error
	if now.Data, err = nameData(s.data); err != nil {
		return withHint(fmt.Errorf("data %s: %w: %w", s.data, abi.NotFound, err), "run the demo in the repository, or name a folder of photos with --data")
	}
	s.modules = now.Modules
	if s.plot, err = json.MarshalIndent(now, "", "  "); err != nil {
		return fmt.Errorf("plot: %w: %w", abi.Internal, err)
	}
	was, err := os.ReadFile(s.plotFile())
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("plot: %w: %w", abi.Unavailable, err)
	case bytes.Equal(was, s.plot):
		s.begun = true
		return nil
	}
	err = fmt.Errorf("state %s holds a story of other data or of other apps than these: %w", s.site.state, abi.Invalid)
	return withHint(err, "play it in another folder, with --state, or anew: make demo-fresh; nothing was changed")
}

func (s *story) plotFile() string { return s.site.state.path("story", "plot.json") }

// nameData names a file by its content, and a folder by what is in it.
func nameData(path string) (abi.Digest, error) {
	if !isDir(path) {
		b, err := os.ReadFile(path)
		return abi.Sum(b), err
	}
	var list bytes.Buffer
	err := filepath.WalkDir(path, func(at string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(path, at)
		fmt.Fprintf(&list, "%q %d\n", filepath.ToSlash(rel), info.Size())
		return err
	})
	return abi.Sum(list.Bytes()), err
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(screen{s.t.out}, format+"\n", args...) }

// table prints rows of tab-separated cells, indented.
func (s *story) table(rows func(w io.Writer)) {
	w := tabwriter.NewWriter(s.t.out, 4, 0, 2, ' ', 0)
	rows(screen{w})
	w.Flush()
}

// tx says how something got onto the chain.
func (s *story) tx(what string, tx market.Tx) {
	if tx.Again {
		s.say("    %s (done before, tx %s)", what, shortHash(tx.Hash))
		return
	}
	s.gas += tx.Gas
	s.sent++
	s.say("    %s  tx %s  gas %s", what, shortHash(tx.Hash), humanize.Comma(int64(tx.Gas)))
}

func shortHash(h market.Hash) string {
	if h.IsZero() {
		return "-"
	}
	return h.String()[:10]
}

// meet opens everybody's keys and gives newcomers test credits.
func (s *story) meet(ctx context.Context) error {
	bank, err := s.site.as(operator)
	if err != nil {
		return err
	}
	for _, who := range []struct {
		name string
		to   **actor
		is   string
	}{
		{seller, &s.seller, "owns records nobody may copy"},
		{developer, &s.developer, "writes apps, wants a model"},
		{owner, &s.owner, "owns machines, rents them out"},
		{user, &s.user, "has pictures and questions, no machine"},
	} {
		if *who.to, err = s.site.as(who.name); err != nil {
			return err
		}
		tx, err := bank.market.Fund(ctx, (*who.to).key.Address())
		if err != nil {
			return err
		}
		s.tx(fmt.Sprintf("%-10s %v  %s", who.name, (*who.to).key.Address(), who.is), tx)
	}
	return nil
}

// sell packs the dataset and lists it under a policy.
func (s *story) sell(ctx context.Context) (err error) {
	dir := s.site.state.path("story", "intake")
	if !s.begun {
		if err := os.RemoveAll(dir); err != nil { // what an intake that failed left there
			return fmt.Errorf("intake: %w: %w", abi.Unavailable, err)
		}
	}
	if isDir(s.data) {
		s.intake, err = photoIntake(ctx, s.data, dir)
	} else {
		s.intake, err = digitsIntake(ctx, s.data, dir)
	}
	if err != nil {
		return err
	}
	if err := writeFile(s.plotFile(), s.plot); err != nil {
		return err
	}
	machines, err := s.site.broker.Hosts(ctx)
	if err != nil {
		return err
	}
	policy := wire.Policy{
		Kind: wire.Reviewed, Apps: []abi.Digest{s.modules["train"], s.modules["peek"]}, Hosts: addresses(machines),
		MinRecords: minRecords, Metrics: 64, ModelBytes: 8 << 20, OutputBytes: 16 << 10,
	}
	content, schema, err := s.pack(ctx, policy)
	if err != nil {
		return err
	}
	s.schema = schema
	var records int64
	for _, split := range schema.Splits {
		records += split.Records
	}
	size, err := s.site.store.Size(content)
	if err != nil {
		return err
	}
	s.say("    %s: %s records of %v, %d classes, sealed in %s as %s", schema.Name, humanize.Comma(records), schema.Input, len(schema.Classes), humanize.Bytes(uint64(size)), content)
	s.say("    policy %q: only on the two machines of the slot, known to the seller", policy.Kind)
	s.say("    policy %q: modules train and peek, read by the seller; at most %d metrics a job, each over %d records or more; at most %s of trained model",
		policy.Kind, policy.Metrics, policy.MinRecords, humanize.Bytes(policy.ModelBytes))
	var tx market.Tx
	s.dataset, tx, err = s.seller.list(ctx, offer{
		kind: wire.Dataset, content: content, policy: &policy, price: priceData * market.Credit,
		about: description{Name: schema.Name, Licence: schema.Licence, Schema: &schema},
	})
	if err != nil {
		return err
	}
	s.tx(fmt.Sprintf("listed for %s a job", market.FormatCredits(s.dataset.Price)), tx)
	return nil
}

// addresses lists who hosts are, in an order that is the same each time.
func addresses(hosts []wire.Host) (all []abi.Address) {
	for _, h := range hosts {
		all = append(all, h.Address)
	}
	slices.SortFunc(all, func(a, b abi.Address) int { return bytes.Compare(a[:], b[:]) })
	return all
}

// pack seals the seller's records, once.
func (s *story) pack(ctx context.Context, policy wire.Policy) (abi.Digest, abi.Schema, error) {
	out := s.site.state.path("story", "dataset.sealed")
	if _, err := os.Stat(out); errors.Is(err, os.ErrNotExist) {
		bar := s.t.bar("packing")
		defer bar.done()
		_, err := vault.Pack(ctx, vault.PackConfig{
			Source: s.intake.records, Out: out, Name: s.intake.name, Seed: 1, Licence: s.intake.licence, Origin: s.intake.source,
			Policy: policy, Keys: s.seller.keys, Skip: true,
			Progress: func(done, total int64) { bar.set(uint64(done), uint64(total), "") },
		})
		if err != nil {
			return abi.Digest{}, abi.Schema{}, err
		}
	}
	f, err := os.Open(out)
	if err != nil {
		return abi.Digest{}, abi.Schema{}, fmt.Errorf("%w: %w", abi.Unavailable, err)
	}
	defer f.Close()
	content, size, err := s.site.store.Put(f)
	if err != nil {
		return abi.Digest{}, abi.Schema{}, err
	}
	h, err := vault.ReadHeader(f, size)
	if err != nil {
		return abi.Digest{}, abi.Schema{}, err
	}
	if h.Schema == nil {
		return abi.Digest{}, abi.Schema{}, fmt.Errorf("%s holds no dataset: %w", out, abi.Invalid)
	}
	return content, *h.Schema, nil
}

// offer lists the slot and says who serves it.
func (s *story) offer(ctx context.Context) error {
	var tx market.Tx
	var err error
	s.slot, tx, err = s.owner.list(ctx, offer{kind: wire.Slot, content: s.site.slot, price: priceSlot * market.Credit, about: description{Name: "two machines", Text: "CPU, in the sandbox"}})
	if err != nil {
		return err
	}
	s.tx(fmt.Sprintf("slot %s for %s a job", s.slot.Content.Short(), market.FormatCredits(s.slot.Price)), tx)
	roster, err := s.site.roster(ctx)
	if err != nil {
		return err
	}
	s.hosts = map[abi.Address]string{}
	for _, h := range roster.Hosts {
		s.hosts[h.Address] = h.Name
	}
	for _, h := range viewHosts(roster, s.site.log) {
		s.say("    host %s  %v  engine %s  score %.1f, measured and signed by itself", h.Name, h.Address, h.Engine, h.points())
	}
	return nil
}

// buyTraining publishes the apps and buys what two jobs on the data take.
func (s *story) buyTraining(ctx context.Context) error {
	s.app = map[string]market.Asset{}
	for _, a := range storyApps {
		asset, tx, err := s.developer.publish(ctx, filepath.Join(s.apps, a.name+".wasm"), a.price*market.Credit, description{Name: a.name, Text: a.text, Licence: "Apache-2.0"})
		if err != nil {
			return err
		}
		s.app[a.name] = asset
		s.tx(fmt.Sprintf("app %-8s %s  %s a job", a.name, asset.Content.Short(), market.FormatCredits(asset.Price)), tx)
	}
	bundle, err := s.buy(ctx, s.developer, "training", 30*24*time.Hour,
		market.Item{Asset: s.dataset.ID, Units: 2}, market.Item{Asset: s.app["train"].ID}, market.Item{Asset: s.app["peek"].ID}, market.Item{Asset: s.slot.ID, Units: 2})
	if err != nil {
		return err
	}
	s.training = bundle
	s.expiring, err = s.buy(ctx, s.user, "expiring", time.Second, market.Item{Asset: s.app["echo"].ID}, market.Item{Asset: s.slot.ID})
	return err
}

// buy buys items for a under a reference that belongs to this step.
func (s *story) buy(ctx context.Context, a *actor, step string, life time.Duration, items ...market.Item) ([]abi.Digest, error) {
	bundle, tx, err := a.market.Buy(ctx, market.Order{Ref: abi.Sum([]byte("demo " + step)), Items: items, TTL: life})
	if err != nil {
		return nil, err
	}
	s.tx(fmt.Sprintf("%s paid %s for %d receipts", a.name, market.FormatCredits(bundle.Paid), len(bundle.Receipts)), tx)
	return bundle.IDs(), nil
}

// run sends a job that is signed once and returns what came of it.
func (s *story) run(ctx context.Context, a *actor, name string, e errand) (answer, error) {
	o, err := a.signOnce(ctx, name, e)
	if err != nil {
		return answer{}, err
	}
	if _, err := s.site.bus.Submit(ctx, o.Job); err != nil {
		return answer{}, err
	}
	bar := s.t.bar(name)
	defer bar.done()
	got, err := a.follow(ctx, o, func(st fleet.Status) { bar.set(st.Done, st.Total, st.Note) })
	if err == nil && !slices.ContainsFunc(s.ended, func(j wire.Job) bool { return j.Request.ID == o.Job.Request.ID }) {
		s.ended = append(s.ended, o.Job)
	}
	return got, err
}

func (s *story) train(ctx context.Context) error {
	got, err := s.run(ctx, s.developer, "train", errand{
		app: s.modules["train"], data: s.dataset.Content, receipts: s.training, limits: wire.Limits{Wall: 10 * time.Minute}, seed: abi.Sum([]byte("demo")),
	})
	if err != nil {
		return err
	}
	r := got.receipt
	s.say("    ran on %s in %v: %s floating-point operations on engine %s", s.hosts[r.Host], r.Wall.Round(time.Millisecond), humanize.SIWithDigits(float64(r.FLOPs), 1, ""), r.Engine)
	for _, m := range got.result.Metrics {
		s.say("    released: %s = %.3f over %d records", m.Name, m.Value, m.Records)
	}
	if len(got.result.Models) != 1 {
		return fmt.Errorf("the trainer saved %d models, want 1: %w", len(got.result.Models), abi.Guest)
	}
	m := got.result.Models[0]
	s.say("    released: model %q, %s, sealed as %s; its key went to the developer", m.Name, humanize.Bytes(m.Bytes), m.Content)
	s.say("    receipt signed by %v, in the host's ledger", r.Host)

	if s.card, _, err = readCard(s.site.store, m.Content); err != nil {
		return err
	}
	s.model.Content = m.Content
	return nil
}

func (s *story) peek(ctx context.Context) error {
	got, err := s.run(ctx, s.developer, "peek", errand{app: s.modules["peek"], data: s.dataset.Content, receipts: s.training})
	if err != nil {
		return err
	}
	for line := range strings.Lines(strings.TrimSpace(string(got.output))) {
		s.say("    %s", strings.TrimRight(line, "\n"))
	}
	return nil
}

func (s *story) publishModel(ctx context.Context) error {
	var accuracy string
	for _, m := range s.card.Metrics {
		if m.Name == "accuracy" {
			accuracy = fmt.Sprintf("%.1f %% on %d records it was not trained on", 100*m.Value, m.Records)
		}
	}
	s.say("    card: %s of %s into %s; %s", s.card.Task, s.card.Input, strings.Join(s.card.Classes, " "), accuracy)
	asset, tx, err := s.developer.list(ctx, offer{
		kind: wire.Model, content: s.model.Content, policy: &wire.Policy{Kind: wire.Open}, price: priceModel * market.Credit,
		shares: []market.Share{{To: s.seller.key.Address(), Bps: 3000}, {To: s.developer.key.Address(), Bps: 7000}},
		about:  description{Name: s.intake.name + " model", Licence: s.card.Licence, Card: &s.card},
	})
	if err != nil {
		return err
	}
	s.model = asset
	s.tx(fmt.Sprintf("ERC-721 token %s of the developer, %s a job, 30 %% of it to the data seller", asset.ID.Short(), market.FormatCredits(asset.Price)), tx)
	return nil
}

// asks is how many jobs the user sends at once.
const asks = 4

func (s *story) ask(ctx context.Context) error {
	var err error
	s.asking, err = s.buy(ctx, s.user, "asking", 30*24*time.Hour,
		market.Item{Asset: s.app["classify"].ID, Units: asks}, market.Item{Asset: s.model.ID, Units: asks}, market.Item{Asset: s.slot.ID, Units: asks})
	if err != nil {
		return err
	}
	type reply struct {
		photos []string
		got    answer
		err    error
	}
	replies := make([]reply, asks)
	done := make(chan struct{})
	orders := make([]order, asks)
	for i := range orders {
		lo, hi := i*len(s.intake.photos)/asks, (i+1)*len(s.intake.photos)/asks
		replies[i].photos = s.intake.photos[lo:hi]
		input, err := classifyInput(replies[i].photos)
		if err != nil {
			return err
		}
		orders[i], err = s.user.signOnce(ctx, fmt.Sprintf("ask-%d", i+1), errand{app: s.modules["classify"], model: s.model.Content, receipts: s.asking, input: input})
		if err != nil {
			return err
		}
		if _, err := s.site.bus.Submit(ctx, orders[i].Job); err != nil {
			return err
		}
	}
	for i := range orders {
		go func() {
			replies[i].got, replies[i].err = s.user.wait(ctx, orders[i])
			done <- struct{}{}
		}()
	}
	for range orders {
		<-done
	}
	right, all := 0, 0
	var failed error
	s.table(func(w io.Writer) {
		fmt.Fprintf(w, "    picture\tanswer\tscore\thost\n")
		for i, r := range replies {
			if r.err != nil {
				failed = errors.Join(failed, r.err)
				continue
			}
			s.ended = append(s.ended, orders[i].Job)
			var labels []labelled
			if err := json.Unmarshal(r.got.output, &labels); err != nil || len(labels) != len(r.photos) {
				failed = errors.Join(failed, fmt.Errorf("classify answered %q: %w", r.got.output, abi.Guest))
				continue
			}
			for j, l := range labels {
				all++
				if truth, _, _ := strings.Cut(filepath.Base(r.photos[j]), "-"); truth == l.Label {
					right++
				}
				if all <= 20 {
					fmt.Fprintf(w, "    %s\t%s\t%.3f\t%s\n", filepath.Base(r.photos[j]), l.Label, l.Score, s.hosts[r.got.receipt.Host])
				}
			}
		}
	})
	s.say("    %d of %d right; the pictures travelled sealed to the hosts, the answers to the user", right, all)
	return failed
}

// labelled is what the classify app says of one picture.
type labelled struct {
	Label string  `json:"label"`
	Score float64 `json:"score"`
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
