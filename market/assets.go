package market

import (
	"context"
	"fmt"
	"math/big"

	"github.com/ethereum/go-ethereum/common"

	"github.com/cloister-ai/cloister/abi"
	"github.com/cloister-ai/cloister/abi/wire"
	"github.com/cloister-ai/cloister/market/bindings/assets"
)

// An Asset is something for sale, as the chain has it.
type Asset struct {
	ID       abi.Digest     `json:"id"`
	Owner    abi.Address    `json:"owner"`
	Kind     wire.AssetKind `json:"kind"`
	Content  abi.Digest     `json:"content"`
	Policy   abi.Digest     `json:"policy"` // digest of its [wire.Policy]
	Split    abi.Digest     `json:"split"`  // who is paid; zero: the owner
	Price    uint64         `json:"price"`  // of one unit, in smallest units of credits
	Delisted bool           `json:"delisted"`
	URI      string         `json:"uri"`
	Block    uint64         `json:"block"` // it was listed in
}

// A Listing is an asset to be listed.
type Listing struct {
	Ref        abi.Digest // names the intent; zero: derived from Kind and Content
	Kind       wire.AssetKind
	Content    abi.Digest
	Policy     abi.Digest
	Price      uint64     // of one unit, in smallest units of credits
	Split      abi.Digest // of [Client.SetSplit]; zero: the owner is paid
	RoyaltyBps uint16     // of a resale of the token, at most 1000
	URI        string
}

// List puts an asset on sale. A listing under the same ref that is there already
// is returned with Tx.Again set, if it is the same asset.
func (c *Client) List(ctx context.Context, l Listing) (Asset, Tx, error) {
	if c.key == nil {
		return Asset{}, Tx{}, errNoKey
	}
	if l.Ref.IsZero() {
		l.Ref = listRef(l.Kind, l.Content)
	}
	id := listID(c.key.address, l.Ref)
	if a, err := c.Asset(ctx, id); err == nil {
		return c.listed(ctx, l, a)
	} else if abi.KindOf(err) != abi.NotFound {
		return Asset{}, Tx{}, err
	}
	r, err := c.write(ctx, c.at.Assets, c.assets.PackList(l.Ref, uint8(l.Kind), l.Content, l.Policy,
		new(big.Int).SetUint64(l.Price), l.Split, big.NewInt(int64(l.RoyaltyBps)), l.URI))
	if reverted[assets.AssetsAlreadyListed](err) { // by another process with the same key, just now
		a, err := c.Asset(ctx, id)
		if err != nil {
			return Asset{}, Tx{}, err
		}
		return c.listed(ctx, l, a)
	}
	if err != nil {
		return Asset{}, Tx{}, err
	}
	tx, err := c.settled(ctx, r)
	if err != nil {
		return Asset{}, tx, err
	}
	a, err := c.Asset(ctx, id)
	return a, tx, err
}

// ListingID is the id that content gets when seller lists it under no reference
// of its own. No other account can list an asset under it, whatever becomes of
// the token later: it is the seller's word that content is for sale, on the
// terms the asset has.
func ListingID(seller abi.Address, kind wire.AssetKind, content abi.Digest) abi.Digest {
	return listID(seller, listRef(kind, content))
}

func listRef(kind wire.AssetKind, content abi.Digest) abi.Digest {
	return hash(typed("list"), number(uint64(kind)), content)
}

func listID(seller abi.Address, ref abi.Digest) abi.Digest { return hash(addressWord(seller), ref) }

func (c *Client) listed(ctx context.Context, l Listing, a Asset) (Asset, Tx, error) {
	if a.Kind != l.Kind || a.Content != l.Content || a.Policy != l.Policy || a.Split != l.Split {
		return Asset{}, Tx{}, fmt.Errorf("market: ref %s listed %v %s before, not %v %s or not with this policy and split: %w",
			l.Ref.Short(), a.Kind, a.Content.Short(), l.Kind, l.Content.Short(), abi.Invalid)
	}
	tx := c.found(ctx, c.at.Assets, a.Block, nil, []common.Hash{common.Hash(a.ID)})
	return a, tx, c.safe(ctx, a.Block)
}

// Asset reads one asset: NotFound when there is none.
func (c *Client) Asset(ctx context.Context, id abi.Digest) (Asset, error) {
	return c.assetAt(ctx, id, nil)
}

func (c *conn) assetAt(ctx context.Context, id abi.Digest, block *big.Int) (Asset, error) {
	token := new(big.Int).SetBytes(id[:])
	got, err := call(ctx, c, c.at.Assets, c.assets.PackAsset(token), block, c.assets.UnpackAsset)
	if err != nil {
		return Asset{}, err
	}
	a := got.A
	if a.Kind == 0 {
		return Asset{}, fmt.Errorf("market: asset %s: %w", id.Short(), abi.NotFound)
	}
	uri, err := call(ctx, c, c.at.Assets, c.assets.PackTokenURI(token), block, c.assets.UnpackTokenURI)
	if err != nil {
		return Asset{}, err
	}
	if !a.Price.IsUint64() {
		return Asset{}, fmt.Errorf("market: asset %s costs %v units, more than can be paid: %w", id.Short(), a.Price, abi.Invalid)
	}
	return Asset{
		ID: id, Owner: abi.Address(got.Owner), Kind: wire.AssetKind(a.Kind), Content: a.Content, Policy: a.Policy,
		Split: a.Split, Price: a.Price.Uint64(), Delisted: a.Delisted, URI: uri, Block: a.ListedAt,
	}, nil
}

// Find reads the asset that stands for content: NotFound when it was never
// listed as that kind.
func (c *Client) Find(ctx context.Context, kind wire.AssetKind, content abi.Digest) (Asset, error) {
	token, err := call(ctx, c.conn, c.at.Assets, c.assets.PackIdOf(content, uint8(kind)), nil, c.assets.UnpackIdOf)
	if err != nil {
		return Asset{}, err
	}
	if token.Sign() == 0 {
		return Asset{}, fmt.Errorf("market: no %v asset has content %v: %w", kind, content, abi.NotFound)
	}
	return c.Asset(ctx, abi.Digest(common.BigToHash(token)))
}

// Assets reads every asset that was ever listed, oldest first, as of one block.
// Assets whose price nobody could pay are left out.
func (c *Client) Assets(ctx context.Context) ([]Asset, error) {
	head, err := c.SafeHead(ctx)
	if err != nil {
		return nil, err
	}
	block := new(big.Int).SetUint64(head)
	count, err := call(ctx, c.conn, c.at.Assets, c.assets.PackCount(), block, c.assets.UnpackCount)
	if err != nil {
		return nil, err
	}
	var list []Asset
	for i := range count.Uint64() {
		token, err := call(ctx, c.conn, c.at.Assets, c.assets.PackIdAt(new(big.Int).SetUint64(i)), block, c.assets.UnpackIdAt)
		if err != nil {
			return nil, err
		}
		a, err := c.assetAt(ctx, abi.Digest(common.BigToHash(token)), block)
		if abi.KindOf(err) == abi.Invalid {
			continue
		}
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

// SetPrice changes what one unit of an asset of the client's costs from now on.
func (c *Client) SetPrice(ctx context.Context, id abi.Digest, price uint64) (Tx, error) {
	a, err := c.Asset(ctx, id)
	if err != nil {
		return Tx{}, err
	}
	if a.Price == price && a.Owner == c.Address() {
		return c.already(ctx)
	}
	return c.change(ctx, c.assets.PackSetPrice(new(big.Int).SetBytes(id[:]), new(big.Int).SetUint64(price)))
}

// SetDelisted takes an asset of the client's off sale, or puts it back. What was
// bought stays good.
func (c *Client) SetDelisted(ctx context.Context, id abi.Digest, delisted bool) (Tx, error) {
	a, err := c.Asset(ctx, id)
	if err != nil {
		return Tx{}, err
	}
	if a.Delisted == delisted && a.Owner == c.Address() {
		return c.already(ctx)
	}
	return c.change(ctx, c.assets.PackSetDelisted(new(big.Int).SetBytes(id[:]), delisted))
}

func (c *Client) change(ctx context.Context, data []byte) (Tx, error) {
	r, err := c.write(ctx, c.at.Assets, data)
	if err != nil {
		return Tx{}, err
	}
	return c.settled(ctx, r)
}

// already is the outcome of a write whose end is reached: it holds once the
// newest block does.
func (c *Client) already(ctx context.Context) (Tx, error) {
	head, err := c.eth.BlockNumber(ctx)
	if err != nil {
		return Tx{}, rpcError("ask for the head", err)
	}
	return Tx{Block: head, Again: true}, c.safe(ctx, head)
}

func addressWord(a abi.Address) (w [32]byte) {
	copy(w[12:], a[:])
	return w
}
