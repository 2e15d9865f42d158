// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package assets

import (
	"bytes"
	"errors"
	"math/big"

	"github.com/ethereum/go-ethereum/accounts/abi"
	"github.com/ethereum/go-ethereum/accounts/abi/bind/v2"
	"github.com/ethereum/go-ethereum/common"
	"github.com/ethereum/go-ethereum/core/types"
)

// Reference imports to suppress errors if they are not otherwise used.
var (
	_ = bytes.Equal
	_ = errors.New
	_ = big.NewInt
	_ = common.Big1
	_ = types.BloomLookup
	_ = abi.ConvertType
)

// AssetsAsset is an auto generated low-level Go binding around an user-defined struct.
type AssetsAsset struct {
	Content  [32]byte
	Policy   [32]byte
	Split    [32]byte
	Price    *big.Int
	ListedAt uint64
	Kind     uint8
	Delisted bool
}

// AssetsMetaData contains all meta data concerning the Assets contract.
var AssetsMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"contractPayroll\",\"name\":\"payroll_\",\"type\":\"address\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"name\":\"AlreadyListed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint8\",\"name\":\"kind\",\"type\":\"uint8\"}],\"name\":\"BadKind\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint96\",\"name\":\"bps\",\"type\":\"uint96\"}],\"name\":\"BadRoyalty\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"split\",\"type\":\"bytes32\"}],\"name\":\"BadSplit\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"length\",\"type\":\"uint256\"}],\"name\":\"BadUri\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"name\":\"DuplicateContent\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"numerator\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"denominator\",\"type\":\"uint256\"}],\"name\":\"ERC2981InvalidDefaultRoyalty\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"receiver\",\"type\":\"address\"}],\"name\":\"ERC2981InvalidDefaultRoyaltyReceiver\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"numerator\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"denominator\",\"type\":\"uint256\"}],\"name\":\"ERC2981InvalidTokenRoyalty\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"},{\"internalType\":\"address\",\"name\":\"receiver\",\"type\":\"address\"}],\"name\":\"ERC2981InvalidTokenRoyaltyReceiver\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"},{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"ERC721IncorrectOwner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"}],\"name\":\"ERC721InsufficientApproval\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"approver\",\"type\":\"address\"}],\"name\":\"ERC721InvalidApprover\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"}],\"name\":\"ERC721InvalidOperator\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"ERC721InvalidOwner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"receiver\",\"type\":\"address\"}],\"name\":\"ERC721InvalidReceiver\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"sender\",\"type\":\"address\"}],\"name\":\"ERC721InvalidSender\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"}],\"name\":\"ERC721NonexistentToken\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NoContent\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotOwner\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"approved\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"}],\"name\":\"Approval\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"bool\",\"name\":\"approved\",\"type\":\"bool\"}],\"name\":\"ApprovalForAll\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"_fromTokenId\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"_toTokenId\",\"type\":\"uint256\"}],\"name\":\"BatchMetadataUpdate\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"bool\",\"name\":\"delisted\",\"type\":\"bool\"}],\"name\":\"DelistedSet\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"uint8\",\"name\":\"kind\",\"type\":\"uint8\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"content\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"policy\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint96\",\"name\":\"price\",\"type\":\"uint96\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"split\",\"type\":\"bytes32\"}],\"name\":\"Listed\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"_tokenId\",\"type\":\"uint256\"}],\"name\":\"MetadataUpdate\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"uint96\",\"name\":\"price\",\"type\":\"uint96\"}],\"name\":\"PriceSet\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"from\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"}],\"name\":\"Transfer\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"KINDS\",\"outputs\":[{\"internalType\":\"uint8\",\"name\":\"\",\"type\":\"uint8\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_ROYALTY_BPS\",\"outputs\":[{\"internalType\":\"uint96\",\"name\":\"\",\"type\":\"uint96\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_URI\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"}],\"name\":\"approve\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"name\":\"asset\",\"outputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"content\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"policy\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"split\",\"type\":\"bytes32\"},{\"internalType\":\"uint96\",\"name\":\"price\",\"type\":\"uint96\"},{\"internalType\":\"uint64\",\"name\":\"listedAt\",\"type\":\"uint64\"},{\"internalType\":\"uint8\",\"name\":\"kind\",\"type\":\"uint8\"},{\"internalType\":\"bool\",\"name\":\"delisted\",\"type\":\"bool\"}],\"internalType\":\"structAssets.Asset\",\"name\":\"a\",\"type\":\"tuple\"},{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"balanceOf\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"count\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"}],\"name\":\"getApproved\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"index\",\"type\":\"uint256\"}],\"name\":\"idAt\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"seller\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"ref\",\"type\":\"bytes32\"}],\"name\":\"idFor\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"pure\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"content\",\"type\":\"bytes32\"},{\"internalType\":\"uint8\",\"name\":\"kind\",\"type\":\"uint8\"}],\"name\":\"idOf\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"}],\"name\":\"isApprovedForAll\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"ref\",\"type\":\"bytes32\"},{\"internalType\":\"uint8\",\"name\":\"kind\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"content\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"policy\",\"type\":\"bytes32\"},{\"internalType\":\"uint96\",\"name\":\"price\",\"type\":\"uint96\"},{\"internalType\":\"bytes32\",\"name\":\"split\",\"type\":\"bytes32\"},{\"internalType\":\"uint96\",\"name\":\"royaltyBps\",\"type\":\"uint96\"},{\"internalType\":\"string\",\"name\":\"uri\",\"type\":\"string\"}],\"name\":\"list\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"name\",\"outputs\":[{\"internalType\":\"string\",\"name\":\"\",\"type\":\"string\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"}],\"name\":\"ownerOf\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"payroll\",\"outputs\":[{\"internalType\":\"contractPayroll\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"salePrice\",\"type\":\"uint256\"}],\"name\":\"royaltyInfo\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"receiver\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"from\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"}],\"name\":\"safeTransferFrom\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"from\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"},{\"internalType\":\"bytes\",\"name\":\"data\",\"type\":\"bytes\"}],\"name\":\"safeTransferFrom\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"operator\",\"type\":\"address\"},{\"internalType\":\"bool\",\"name\":\"approved\",\"type\":\"bool\"}],\"name\":\"setApprovalForAll\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"internalType\":\"bool\",\"name\":\"delisted\",\"type\":\"bool\"}],\"name\":\"setDelisted\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"},{\"internalType\":\"uint96\",\"name\":\"price\",\"type\":\"uint96\"}],\"name\":\"setPrice\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes4\",\"name\":\"id\",\"type\":\"bytes4\"}],\"name\":\"supportsInterface\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"symbol\",\"outputs\":[{\"internalType\":\"string\",\"name\":\"\",\"type\":\"string\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"id\",\"type\":\"uint256\"}],\"name\":\"tokenURI\",\"outputs\":[{\"internalType\":\"string\",\"name\":\"\",\"type\":\"string\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"from\",\"type\":\"address\"},{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"tokenId\",\"type\":\"uint256\"}],\"name\":\"transferFrom\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"}]",
	ID:  "Assets",
	Bin: "0x60a060405234801561000f575f5ffd5b50604051611e9a380380611e9a83398101604081905261002e916100a0565b6040518060400160405280600e81526020016d10db1bda5cdd195c88105cdcd95d60921b81525060405180604001604052806003815260200162434c4160e81b815250815f908161007f9190610170565b50600161008c8282610170565b5050506001600160a01b031660805261022e565b5f602082840312156100b0575f5ffd5b81516001600160a01b03811681146100c6575f5ffd5b9392505050565b634e487b7160e01b5f52604160045260245ffd5b600181811c908216806100f557607f821691505b60208210810361011357634e487b7160e01b5f52602260045260245ffd5b50919050565b601f82111561016b578282111561016b57805f5260205f20601f840160051c602085101561014457505f5b90810190601f840160051c035f5b81811015610167575f83820155600101610152565b5050505b505050565b81516001600160401b03811115610189576101896100cd565b61019d8161019784546100e1565b84610119565b6020601f8211600181146101cf575f83156101b85750848201515b5f19600385901b1c1916600184901b178455610227565b5f84815260208120601f198516915b828110156101fe57878501518255602094850194600190920191016101de565b508482101561021b57868401515f19600387901b60f8161c191681555b505060018360011b0184555b5050505050565b608051611c4d61024d5f395f818161034f0152610a6c0152611c4d5ff3fe608060405234801561000f575f5ffd5b50600436106101a5575f3560e01c806353314e48116100e85780638ea06f8111610093578063b88d4fde1161006e578063b88d4fde146104c5578063c87b56dd146104d8578063cceb9015146104eb578063e985e9c514610515575f5ffd5b80638ea06f81146103b357806395d89b41146104aa578063a22cb465146104b2575f5ffd5b80636352211e116100c35780636352211e1461037a57806370a082311461038d578063794a3c5b146103a0575f5ffd5b806353314e4814610304578063562a5d061461034a5780636192ed4614610371575f5ffd5b80631ff563b2116101535780633d8886f11161012e5780633d8886f1146102aa5780633dca40e6146102bd57806342842e0e146102de5780634fe0d5c6146102f1575f5ffd5b80631ff563b21461025257806323b872dd146102655780632a55205a14610278575f5ffd5b8063081812fc11610183578063081812fc146101f8578063095ea7b31461022357806312f1451e14610238575f5ffd5b806301ffc9a7146101a957806306661abd146101d157806306fdde03146101e3575b5f5ffd5b6101bc6101b736600461161f565b610550565b60405190151581526020015b60405180910390f35b600b545b6040519081526020016101c8565b6101eb61057a565b6040516101c89190611668565b61020b61020636600461167a565b610609565b6040516001600160a01b0390911681526020016101c8565b6102366102313660046116ac565b610630565b005b610240600481565b60405160ff90911681526020016101c8565b6102366102603660046116e1565b61063f565b61023661027336600461170f565b6106ff565b61028b610286366004611749565b61078d565b604080516001600160a01b0390931683526020830191909152016101c8565b6102366102b836600461177f565b610806565b6102c66103e881565b6040516001600160601b0390911681526020016101c8565b6102366102ec36600461170f565b610873565b6101d56102ff36600461167a565b610892565b6101d56103123660046116ac565b604080516001600160a01b03939093166020808501919091528382019290925280518084038201815260609093019052815191012090565b61020b7f000000000000000000000000000000000000000000000000000000000000000081565b6101d561080081565b61020b61038836600461167a565b6108b6565b6101d561039b3660046117a9565b6108c0565b6101d56103ae3660046117d2565b610905565b61049c6103c136600461167a565b6040805160e0810182525f80825260208201819052918101829052606081018290526080810182905260a0810182905260c08101919091525f82815260086020908152604080832060029092528220546001600160a01b03166040805160e08101825283548152600184015460208201526002840154918101919091526003909201546001600160601b038116606084015267ffffffffffffffff6c01000000000000000000000000820416608084015260ff600160a01b8204811660a0850152600160a81b90910416151560c08301529094909350915050565b6040516101c8929190611896565b6101eb610d33565b6102366104c036600461190b565b610d42565b6102366104d3366004611949565b610d4d565b6101eb6104e636600461167a565b610d65565b6101d56104f9366004611a26565b600a60209081525f928352604080842090915290825290205481565b6101bc610523366004611a47565b6001600160a01b039182165f90815260056020908152604080832093909416825291909152205460ff1690565b5f6001600160e01b03198216632483248360e11b1480610574575061057482610e0c565b92915050565b60605f805461058890611a6f565b80601f01602080910402602001604051908101604052809291908181526020018280546105b490611a6f565b80156105ff5780601f106105d6576101008083540402835291602001916105ff565b820191905f5260205f20905b8154815290600101906020018083116105e257829003601f168201915b5050505050905090565b5f61061382610e30565b505f828152600460205260409020546001600160a01b0316610574565b61063b828233610e68565b5050565b61064882610e75565b5f82815260086020526040908190206003018054831515600160a81b027fffffffffffffffffffff00ffffffffffffffffffffffffffffffffffffffffff9091161790555182907f22da15c85c58ce1416acf7d71886cc4448a71a05faca6483239b0d3e3fd82630906106c090841515815260200190565b60405180910390a26040518281527ff8e1a15aba9398e019f0b49df1a4fde98ee17ae345cb5f6b5e2c27f5033e8ce79060200160405180910390a15050565b6001600160a01b03821661072d57604051633250574960e11b81525f60048201526024015b60405180910390fd5b5f610739838333610eb7565b9050836001600160a01b0316816001600160a01b031614610787576040516364283d7b60e01b81526001600160a01b0380861660048301526024820184905282166044820152606401610724565b50505050565b5f82815260076020526040812080548291906001600160a01b03811690600160a01b90046001600160601b0316816107e05750506006546001600160a01b03811690600160a01b90046001600160601b03165b5f6107f7876001600160601b038416612710610fb8565b92989297509195505050505050565b61080f82610e75565b5f8281526008602090815260409182902060030180546bffffffffffffffffffffffff19166001600160601b038516908117909155915191825283917f4c7c261748f5b50fe6a3eb0761837519ff70002322013f7daecce0d583b110c291016106c0565b61088d83838360405180602001604052805f815250610d4d565b505050565b5f600b82815481106108a6576108a6611aa7565b905f5260205f2001549050919050565b5f61057482610e30565b5f6001600160a01b0382166108ea576040516322718ad960e21b81525f6004820152602401610724565b506001600160a01b03165f9081526003602052604090205490565b60408051336020808301919091528183018c9052825180830384018152606090920190925280519101205f905f81815260086020526040902060030154909150600160a01b900460ff161561097057604051637fbcdff960e01b815260048101829052602401610724565b60ff891615806109835750600460ff8a16115b156109a65760405163dfc0338760e01b815260ff8a166004820152602401610724565b876109c4576040516393a0236d60e01b815260040160405180910390fd5b5f888152600a6020908152604080832060ff8d16845290915290205415610a1f575f888152600a6020908152604080832060ff8d1684529091529081902054905163377bbaf360e01b81526004810191909152602401610724565b6103e86001600160601b0385161115610a5657604051630ef1fa8960e31b81526001600160601b0385166004820152602401610724565b604051630e29a66960e21b8152600481018690527f00000000000000000000000000000000000000000000000000000000000000006001600160a01b0316906338a699a490602401602060405180830381865afa158015610ab9573d5f5f3e3d5ffd5b505050506040513d601f19601f82011682018060405250810190610add9190611abb565b610afd5760405163b3dc2c8960e01b815260048101869052602401610724565b610800821115610b2357604051632ba3976160e21b815260048101839052602401610724565b6040518060e00160405280898152602001888152602001868152602001876001600160601b031681526020014367ffffffffffffffff1681526020018a60ff1681526020015f151581525060085f8381526020019081526020015f205f820151815f015560208201518160010155604082015181600201556060820151816003015f6101000a8154816001600160601b0302191690836001600160601b03160217905550608082015181600301600c6101000a81548167ffffffffffffffff021916908367ffffffffffffffff16021790555060a08201518160030160146101000a81548160ff021916908360ff16021790555060c08201518160030160156101000a81548160ff021916908315150217905550905050828260095f8481526020019081526020015f209182610c5a929190611b24565b50600b8054600181019091557f0175b7a638427703f0dbe7bb9bbf987a2551717b34e79f33b5b1008d1fa01db9018190555f888152600a6020908152604080832060ff8d1684529091529020819055610cb33382611068565b6001600160601b03841615610ccd57610ccd8133866110c9565b60408051898152602081018990526001600160601b0388168183015260608101879052905160ff8b1691339184917ffe4ef289c35414e5ca7dff4a23f998f475b173d6edfe490015dbb11c72454253919081900360800190a49998505050505050505050565b60606001805461058890611a6f565b61063b338383611189565b610d588484846106ff565b6107873385858585611250565b6060610d7082610e30565b505f8281526009602052604090208054610d8990611a6f565b80601f0160208091040260200160405190810160405280929190818152602001828054610db590611a6f565b8015610e005780601f10610dd757610100808354040283529160200191610e00565b820191905f5260205f20905b815481529060010190602001808311610de357829003601f168201915b50505050509050919050565b5f6001600160e01b0319821663152a902d60e11b1480610574575061057482611378565b5f818152600260205260408120546001600160a01b03168061057457604051637e27328960e01b815260048101849052602401610724565b61088d83838360016113c7565b5f818152600260205260409020546001600160a01b03163314610eb45760405163b9c0876160e01b815260048101829052336024820152604401610724565b50565b5f828152600260205260408120546001600160a01b0390811690831615610ee357610ee38184866114f6565b6001600160a01b03811615610f1d57610efe5f855f5f6113c7565b6001600160a01b0381165f90815260036020526040902080545f190190555b6001600160a01b03851615610f4b576001600160a01b0385165f908152600360205260409020805460010190555b5f84815260026020526040808220805473ffffffffffffffffffffffffffffffffffffffff19166001600160a01b0389811691821790925591518793918516917fddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef91a490505b9392505050565b5f5f5f610fc5868661155a565b91509150815f03610fe957838181610fdf57610fdf611bde565b0492505050610fb1565b818411611000576110006003851502601118611576565b5f848688095f868103871696879004966002600389028118808a02820302808a02820302808a02820302808a02820302808a02820302808a02909103029181900381900460010185841190960395909502919093039390930492909217029150509392505050565b6001600160a01b03821661109157604051633250574960e11b81525f6004820152602401610724565b5f61109d83835f610eb7565b90506001600160a01b0381161561088d576040516339e3563760e11b81525f6004820152602401610724565b6127106001600160601b03821681101561110f5760405163dfd1fc1b60e01b8152600481018590526001600160601b038316602482015260448101829052606401610724565b6001600160a01b03831661113f57604051634b4f842960e11b8152600481018590525f6024820152604401610724565b506040805180820182526001600160a01b0393841681526001600160601b0392831660208083019182525f968752600790529190942093519051909116600160a01b029116179055565b6001600160a01b0383166111b25760405163a9fbf51f60e01b81525f6004820152602401610724565b6001600160a01b0382166111e457604051630b61174360e31b81526001600160a01b0383166004820152602401610724565b6001600160a01b038381165f81815260056020908152604080832094871680845294825291829020805460ff191686151590811790915591519182527f17307eab39ab6107e8899845ad3d59bd9653f200f220920489ca2b5937696c31910160405180910390a3505050565b6001600160a01b0383163b1561137157604051630a85bd0160e11b81526001600160a01b0384169063150b7a0290611292908890889087908790600401611bf2565b6020604051808303815f875af19250505080156112cc575060408051601f3d908101601f191682019092526112c991810190611c32565b60015b611333573d8080156112f9576040519150601f19603f3d011682016040523d82523d5f602084013e6112fe565b606091505b5080515f0361132b57604051633250574960e11b81526001600160a01b0385166004820152602401610724565b805160208201fd5b6001600160e01b03198116630a85bd0160e11b1461136f57604051633250574960e11b81526001600160a01b0385166004820152602401610724565b505b5050505050565b5f6001600160e01b031982166380ac58cd60e01b14806113a857506001600160e01b03198216635b5e139f60e01b145b8061057457506301ffc9a760e01b6001600160e01b0319831614610574565b80806113db57506001600160a01b03821615155b156114ba575f6113ea84610e30565b90506001600160a01b038316158015906114165750826001600160a01b0316816001600160a01b031614155b801561144757506001600160a01b038082165f9081526005602090815260408083209387168352929052205460ff16155b156114705760405163a9fbf51f60e01b81526001600160a01b0384166004820152602401610724565b81156114b85783856001600160a01b0316826001600160a01b03167f8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b92560405160405180910390a45b505b50505f908152600460205260409020805473ffffffffffffffffffffffffffffffffffffffff19166001600160a01b0392909216919091179055565b611501838383611587565b61088d576001600160a01b03831661152f57604051637e27328960e01b815260048101829052602401610724565b60405163177e802f60e01b81526001600160a01b038316600482015260248101829052604401610724565b5f805f1983850993909202808410938190039390930393915050565b634e487b715f52806020526024601cfd5b5f6001600160a01b038316158015906116025750826001600160a01b0316846001600160a01b031614806115df57506001600160a01b038085165f9081526005602090815260408083209387168352929052205460ff165b8061160257505f828152600460205260409020546001600160a01b038481169116145b949350505050565b6001600160e01b031981168114610eb4575f5ffd5b5f6020828403121561162f575f5ffd5b8135610fb18161160a565b5f81518084528060208401602086015e5f602082860101526020601f19601f83011685010191505092915050565b602081525f610fb1602083018461163a565b5f6020828403121561168a575f5ffd5b5035919050565b80356001600160a01b03811681146116a7575f5ffd5b919050565b5f5f604083850312156116bd575f5ffd5b6116c683611691565b946020939093013593505050565b8015158114610eb4575f5ffd5b5f5f604083850312156116f2575f5ffd5b823591506020830135611704816116d4565b809150509250929050565b5f5f5f60608486031215611721575f5ffd5b61172a84611691565b925061173860208501611691565b929592945050506040919091013590565b5f5f6040838503121561175a575f5ffd5b50508035926020909101359150565b80356001600160601b03811681146116a7575f5ffd5b5f5f60408385031215611790575f5ffd5b823591506117a060208401611769565b90509250929050565b5f602082840312156117b9575f5ffd5b610fb182611691565b803560ff811681146116a7575f5ffd5b5f5f5f5f5f5f5f5f5f6101008a8c0312156117eb575f5ffd5b893598506117fb60208b016117c2565b975060408a0135965060608a0135955061181760808b01611769565b945060a08a0135935061182c60c08b01611769565b925060e08a013567ffffffffffffffff811115611847575f5ffd5b8a01601f81018c13611857575f5ffd5b803567ffffffffffffffff81111561186d575f5ffd5b8c602082840101111561187e575f5ffd5b60208201935080925050509295985092959850929598565b5f610100820190508351825260208401516020830152604084015160408301526001600160601b03606085015116606083015267ffffffffffffffff608085015116608083015260ff60a08501511660a083015260c0840151151560c0830152610fb160e08301846001600160a01b03169052565b5f5f6040838503121561191c575f5ffd5b61192583611691565b91506020830135611704816116d4565b634e487b7160e01b5f52604160045260245ffd5b5f5f5f5f6080858703121561195c575f5ffd5b61196585611691565b935061197360208601611691565b925060408501359150606085013567ffffffffffffffff811115611995575f5ffd5b8501601f810187136119a5575f5ffd5b803567ffffffffffffffff8111156119bf576119bf611935565b604051601f8201601f19908116603f0116810167ffffffffffffffff811182821017156119ee576119ee611935565b604052818152828201602001891015611a05575f5ffd5b816020840160208301375f6020838301015280935050505092959194509250565b5f5f60408385031215611a37575f5ffd5b823591506117a0602084016117c2565b5f5f60408385031215611a58575f5ffd5b611a6183611691565b91506117a060208401611691565b600181811c90821680611a8357607f821691505b602082108103611aa157634e487b7160e01b5f52602260045260245ffd5b50919050565b634e487b7160e01b5f52603260045260245ffd5b5f60208284031215611acb575f5ffd5b8151610fb1816116d4565b601f82111561088d578282111561088d57805f5260205f20601f840160051c6020851015611b0157505f5b90810190601f840160051c035f5b8181101561136f575f83820155600101611b0f565b67ffffffffffffffff831115611b3c57611b3c611935565b611b5083611b4a8354611a6f565b83611ad6565b5f601f841160018114611b81575f8515611b6a5750838201355b5f19600387901b1c1916600186901b178355611371565b5f83815260208120601f198716915b82811015611bb05786850135825560209485019460019092019101611b90565b5086821015611bcc575f1960f88860031b161c19848701351681555b505060018560011b0183555050505050565b634e487b7160e01b5f52601260045260245ffd5b6001600160a01b03851681526001600160a01b0384166020820152826040820152608060608201525f611c28608083018461163a565b9695505050505050565b5f60208284031215611c42575f5ffd5b8151610fb18161160a56",
}

// Assets is an auto generated Go binding around an Ethereum contract.
type Assets struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *Assets) GetABI() abi.ABI {
	return c.abi
}

// NewAssets creates a new instance of Assets.
func NewAssets() *Assets {
	parsed, err := AssetsMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &Assets{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *Assets) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address payroll_) returns()
func (assets *Assets) PackConstructor(payroll_ common.Address) []byte {
	enc, err := assets.abi.Pack("", payroll_)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackKINDS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x12f1451e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function KINDS() view returns(uint8)
func (assets *Assets) PackKINDS() []byte {
	enc, err := assets.abi.Pack("KINDS")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackKINDS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x12f1451e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function KINDS() view returns(uint8)
func (assets *Assets) TryPackKINDS() ([]byte, error) {
	return assets.abi.Pack("KINDS")
}

// UnpackKINDS is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x12f1451e.
//
// Solidity: function KINDS() view returns(uint8)
func (assets *Assets) UnpackKINDS(data []byte) (uint8, error) {
	out, err := assets.abi.Unpack("KINDS", data)
	if err != nil {
		return *new(uint8), err
	}
	out0 := *abi.ConvertType(out[0], new(uint8)).(*uint8)
	return out0, nil
}

// PackMAXROYALTYBPS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3dca40e6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_ROYALTY_BPS() view returns(uint96)
func (assets *Assets) PackMAXROYALTYBPS() []byte {
	enc, err := assets.abi.Pack("MAX_ROYALTY_BPS")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXROYALTYBPS is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3dca40e6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_ROYALTY_BPS() view returns(uint96)
func (assets *Assets) TryPackMAXROYALTYBPS() ([]byte, error) {
	return assets.abi.Pack("MAX_ROYALTY_BPS")
}

// UnpackMAXROYALTYBPS is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x3dca40e6.
//
// Solidity: function MAX_ROYALTY_BPS() view returns(uint96)
func (assets *Assets) UnpackMAXROYALTYBPS(data []byte) (*big.Int, error) {
	out, err := assets.abi.Unpack("MAX_ROYALTY_BPS", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackMAXURI is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x6192ed46.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_URI() view returns(uint256)
func (assets *Assets) PackMAXURI() []byte {
	enc, err := assets.abi.Pack("MAX_URI")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXURI is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x6192ed46.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_URI() view returns(uint256)
func (assets *Assets) TryPackMAXURI() ([]byte, error) {
	return assets.abi.Pack("MAX_URI")
}

// UnpackMAXURI is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x6192ed46.
//
// Solidity: function MAX_URI() view returns(uint256)
func (assets *Assets) UnpackMAXURI(data []byte) (*big.Int, error) {
	out, err := assets.abi.Unpack("MAX_URI", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackApprove is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x095ea7b3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function approve(address to, uint256 tokenId) returns()
func (assets *Assets) PackApprove(to common.Address, tokenId *big.Int) []byte {
	enc, err := assets.abi.Pack("approve", to, tokenId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackApprove is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x095ea7b3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function approve(address to, uint256 tokenId) returns()
func (assets *Assets) TryPackApprove(to common.Address, tokenId *big.Int) ([]byte, error) {
	return assets.abi.Pack("approve", to, tokenId)
}

// PackAsset is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8ea06f81.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function asset(uint256 id) view returns((bytes32,bytes32,bytes32,uint96,uint64,uint8,bool) a, address owner)
func (assets *Assets) PackAsset(id *big.Int) []byte {
	enc, err := assets.abi.Pack("asset", id)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAsset is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8ea06f81.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function asset(uint256 id) view returns((bytes32,bytes32,bytes32,uint96,uint64,uint8,bool) a, address owner)
func (assets *Assets) TryPackAsset(id *big.Int) ([]byte, error) {
	return assets.abi.Pack("asset", id)
}

// AssetOutput serves as a container for the return parameters of contract
// method Asset.
type AssetOutput struct {
	A     AssetsAsset
	Owner common.Address
}

// UnpackAsset is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8ea06f81.
//
// Solidity: function asset(uint256 id) view returns((bytes32,bytes32,bytes32,uint96,uint64,uint8,bool) a, address owner)
func (assets *Assets) UnpackAsset(data []byte) (AssetOutput, error) {
	out, err := assets.abi.Unpack("asset", data)
	outstruct := new(AssetOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.A = *abi.ConvertType(out[0], new(AssetsAsset)).(*AssetsAsset)
	outstruct.Owner = *abi.ConvertType(out[1], new(common.Address)).(*common.Address)
	return *outstruct, nil
}

// PackBalanceOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70a08231.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function balanceOf(address owner) view returns(uint256)
func (assets *Assets) PackBalanceOf(owner common.Address) []byte {
	enc, err := assets.abi.Pack("balanceOf", owner)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBalanceOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x70a08231.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function balanceOf(address owner) view returns(uint256)
func (assets *Assets) TryPackBalanceOf(owner common.Address) ([]byte, error) {
	return assets.abi.Pack("balanceOf", owner)
}

// UnpackBalanceOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x70a08231.
//
// Solidity: function balanceOf(address owner) view returns(uint256)
func (assets *Assets) UnpackBalanceOf(data []byte) (*big.Int, error) {
	out, err := assets.abi.Unpack("balanceOf", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackCount is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x06661abd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function count() view returns(uint256)
func (assets *Assets) PackCount() []byte {
	enc, err := assets.abi.Pack("count")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCount is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x06661abd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function count() view returns(uint256)
func (assets *Assets) TryPackCount() ([]byte, error) {
	return assets.abi.Pack("count")
}

// UnpackCount is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x06661abd.
//
// Solidity: function count() view returns(uint256)
func (assets *Assets) UnpackCount(data []byte) (*big.Int, error) {
	out, err := assets.abi.Unpack("count", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackGetApproved is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x081812fc.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function getApproved(uint256 tokenId) view returns(address)
func (assets *Assets) PackGetApproved(tokenId *big.Int) []byte {
	enc, err := assets.abi.Pack("getApproved", tokenId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackGetApproved is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x081812fc.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function getApproved(uint256 tokenId) view returns(address)
func (assets *Assets) TryPackGetApproved(tokenId *big.Int) ([]byte, error) {
	return assets.abi.Pack("getApproved", tokenId)
}

// UnpackGetApproved is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x081812fc.
//
// Solidity: function getApproved(uint256 tokenId) view returns(address)
func (assets *Assets) UnpackGetApproved(data []byte) (common.Address, error) {
	out, err := assets.abi.Unpack("getApproved", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackIdAt is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x4fe0d5c6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function idAt(uint256 index) view returns(uint256)
func (assets *Assets) PackIdAt(index *big.Int) []byte {
	enc, err := assets.abi.Pack("idAt", index)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackIdAt is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x4fe0d5c6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function idAt(uint256 index) view returns(uint256)
func (assets *Assets) TryPackIdAt(index *big.Int) ([]byte, error) {
	return assets.abi.Pack("idAt", index)
}

// UnpackIdAt is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x4fe0d5c6.
//
// Solidity: function idAt(uint256 index) view returns(uint256)
func (assets *Assets) UnpackIdAt(data []byte) (*big.Int, error) {
	out, err := assets.abi.Unpack("idAt", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackIdFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x53314e48.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function idFor(address seller, bytes32 ref) pure returns(uint256)
func (assets *Assets) PackIdFor(seller common.Address, ref [32]byte) []byte {
	enc, err := assets.abi.Pack("idFor", seller, ref)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackIdFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x53314e48.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function idFor(address seller, bytes32 ref) pure returns(uint256)
func (assets *Assets) TryPackIdFor(seller common.Address, ref [32]byte) ([]byte, error) {
	return assets.abi.Pack("idFor", seller, ref)
}

// UnpackIdFor is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x53314e48.
//
// Solidity: function idFor(address seller, bytes32 ref) pure returns(uint256)
func (assets *Assets) UnpackIdFor(data []byte) (*big.Int, error) {
	out, err := assets.abi.Unpack("idFor", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackIdOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcceb9015.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function idOf(bytes32 content, uint8 kind) view returns(uint256 id)
func (assets *Assets) PackIdOf(content [32]byte, kind uint8) []byte {
	enc, err := assets.abi.Pack("idOf", content, kind)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackIdOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcceb9015.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function idOf(bytes32 content, uint8 kind) view returns(uint256 id)
func (assets *Assets) TryPackIdOf(content [32]byte, kind uint8) ([]byte, error) {
	return assets.abi.Pack("idOf", content, kind)
}

// UnpackIdOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xcceb9015.
//
// Solidity: function idOf(bytes32 content, uint8 kind) view returns(uint256 id)
func (assets *Assets) UnpackIdOf(data []byte) (*big.Int, error) {
	out, err := assets.abi.Unpack("idOf", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackIsApprovedForAll is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe985e9c5.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function isApprovedForAll(address owner, address operator) view returns(bool)
func (assets *Assets) PackIsApprovedForAll(owner common.Address, operator common.Address) []byte {
	enc, err := assets.abi.Pack("isApprovedForAll", owner, operator)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackIsApprovedForAll is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe985e9c5.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function isApprovedForAll(address owner, address operator) view returns(bool)
func (assets *Assets) TryPackIsApprovedForAll(owner common.Address, operator common.Address) ([]byte, error) {
	return assets.abi.Pack("isApprovedForAll", owner, operator)
}

// UnpackIsApprovedForAll is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe985e9c5.
//
// Solidity: function isApprovedForAll(address owner, address operator) view returns(bool)
func (assets *Assets) UnpackIsApprovedForAll(data []byte) (bool, error) {
	out, err := assets.abi.Unpack("isApprovedForAll", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackList is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x794a3c5b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function list(bytes32 ref, uint8 kind, bytes32 content, bytes32 policy, uint96 price, bytes32 split, uint96 royaltyBps, string uri) returns(uint256 id)
func (assets *Assets) PackList(ref [32]byte, kind uint8, content [32]byte, policy [32]byte, price *big.Int, split [32]byte, royaltyBps *big.Int, uri string) []byte {
	enc, err := assets.abi.Pack("list", ref, kind, content, policy, price, split, royaltyBps, uri)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackList is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x794a3c5b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function list(bytes32 ref, uint8 kind, bytes32 content, bytes32 policy, uint96 price, bytes32 split, uint96 royaltyBps, string uri) returns(uint256 id)
func (assets *Assets) TryPackList(ref [32]byte, kind uint8, content [32]byte, policy [32]byte, price *big.Int, split [32]byte, royaltyBps *big.Int, uri string) ([]byte, error) {
	return assets.abi.Pack("list", ref, kind, content, policy, price, split, royaltyBps, uri)
}

// UnpackList is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x794a3c5b.
//
// Solidity: function list(bytes32 ref, uint8 kind, bytes32 content, bytes32 policy, uint96 price, bytes32 split, uint96 royaltyBps, string uri) returns(uint256 id)
func (assets *Assets) UnpackList(data []byte) (*big.Int, error) {
	out, err := assets.abi.Unpack("list", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackName is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x06fdde03.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function name() view returns(string)
func (assets *Assets) PackName() []byte {
	enc, err := assets.abi.Pack("name")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackName is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x06fdde03.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function name() view returns(string)
func (assets *Assets) TryPackName() ([]byte, error) {
	return assets.abi.Pack("name")
}

// UnpackName is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x06fdde03.
//
// Solidity: function name() view returns(string)
func (assets *Assets) UnpackName(data []byte) (string, error) {
	out, err := assets.abi.Unpack("name", data)
	if err != nil {
		return *new(string), err
	}
	out0 := *abi.ConvertType(out[0], new(string)).(*string)
	return out0, nil
}

// PackOwnerOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x6352211e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function ownerOf(uint256 tokenId) view returns(address)
func (assets *Assets) PackOwnerOf(tokenId *big.Int) []byte {
	enc, err := assets.abi.Pack("ownerOf", tokenId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackOwnerOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x6352211e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function ownerOf(uint256 tokenId) view returns(address)
func (assets *Assets) TryPackOwnerOf(tokenId *big.Int) ([]byte, error) {
	return assets.abi.Pack("ownerOf", tokenId)
}

// UnpackOwnerOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x6352211e.
//
// Solidity: function ownerOf(uint256 tokenId) view returns(address)
func (assets *Assets) UnpackOwnerOf(data []byte) (common.Address, error) {
	out, err := assets.abi.Unpack("ownerOf", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackPayroll is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x562a5d06.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function payroll() view returns(address)
func (assets *Assets) PackPayroll() []byte {
	enc, err := assets.abi.Pack("payroll")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPayroll is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x562a5d06.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function payroll() view returns(address)
func (assets *Assets) TryPackPayroll() ([]byte, error) {
	return assets.abi.Pack("payroll")
}

// UnpackPayroll is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x562a5d06.
//
// Solidity: function payroll() view returns(address)
func (assets *Assets) UnpackPayroll(data []byte) (common.Address, error) {
	out, err := assets.abi.Unpack("payroll", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackRoyaltyInfo is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2a55205a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function royaltyInfo(uint256 tokenId, uint256 salePrice) view returns(address receiver, uint256 amount)
func (assets *Assets) PackRoyaltyInfo(tokenId *big.Int, salePrice *big.Int) []byte {
	enc, err := assets.abi.Pack("royaltyInfo", tokenId, salePrice)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRoyaltyInfo is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2a55205a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function royaltyInfo(uint256 tokenId, uint256 salePrice) view returns(address receiver, uint256 amount)
func (assets *Assets) TryPackRoyaltyInfo(tokenId *big.Int, salePrice *big.Int) ([]byte, error) {
	return assets.abi.Pack("royaltyInfo", tokenId, salePrice)
}

// RoyaltyInfoOutput serves as a container for the return parameters of contract
// method RoyaltyInfo.
type RoyaltyInfoOutput struct {
	Receiver common.Address
	Amount   *big.Int
}

// UnpackRoyaltyInfo is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x2a55205a.
//
// Solidity: function royaltyInfo(uint256 tokenId, uint256 salePrice) view returns(address receiver, uint256 amount)
func (assets *Assets) UnpackRoyaltyInfo(data []byte) (RoyaltyInfoOutput, error) {
	out, err := assets.abi.Unpack("royaltyInfo", data)
	outstruct := new(RoyaltyInfoOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Receiver = *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	outstruct.Amount = abi.ConvertType(out[1], new(big.Int)).(*big.Int)
	return *outstruct, nil
}

// PackSafeTransferFrom is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x42842e0e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function safeTransferFrom(address from, address to, uint256 tokenId) returns()
func (assets *Assets) PackSafeTransferFrom(from common.Address, to common.Address, tokenId *big.Int) []byte {
	enc, err := assets.abi.Pack("safeTransferFrom", from, to, tokenId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSafeTransferFrom is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x42842e0e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function safeTransferFrom(address from, address to, uint256 tokenId) returns()
func (assets *Assets) TryPackSafeTransferFrom(from common.Address, to common.Address, tokenId *big.Int) ([]byte, error) {
	return assets.abi.Pack("safeTransferFrom", from, to, tokenId)
}

// PackSafeTransferFrom0 is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb88d4fde.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function safeTransferFrom(address from, address to, uint256 tokenId, bytes data) returns()
func (assets *Assets) PackSafeTransferFrom0(from common.Address, to common.Address, tokenId *big.Int, data []byte) []byte {
	enc, err := assets.abi.Pack("safeTransferFrom0", from, to, tokenId, data)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSafeTransferFrom0 is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xb88d4fde.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function safeTransferFrom(address from, address to, uint256 tokenId, bytes data) returns()
func (assets *Assets) TryPackSafeTransferFrom0(from common.Address, to common.Address, tokenId *big.Int, data []byte) ([]byte, error) {
	return assets.abi.Pack("safeTransferFrom0", from, to, tokenId, data)
}

// PackSetApprovalForAll is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa22cb465.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function setApprovalForAll(address operator, bool approved) returns()
func (assets *Assets) PackSetApprovalForAll(operator common.Address, approved bool) []byte {
	enc, err := assets.abi.Pack("setApprovalForAll", operator, approved)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSetApprovalForAll is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa22cb465.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function setApprovalForAll(address operator, bool approved) returns()
func (assets *Assets) TryPackSetApprovalForAll(operator common.Address, approved bool) ([]byte, error) {
	return assets.abi.Pack("setApprovalForAll", operator, approved)
}

// PackSetDelisted is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1ff563b2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function setDelisted(uint256 id, bool delisted) returns()
func (assets *Assets) PackSetDelisted(id *big.Int, delisted bool) []byte {
	enc, err := assets.abi.Pack("setDelisted", id, delisted)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSetDelisted is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1ff563b2.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function setDelisted(uint256 id, bool delisted) returns()
func (assets *Assets) TryPackSetDelisted(id *big.Int, delisted bool) ([]byte, error) {
	return assets.abi.Pack("setDelisted", id, delisted)
}

// PackSetPrice is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3d8886f1.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function setPrice(uint256 id, uint96 price) returns()
func (assets *Assets) PackSetPrice(id *big.Int, price *big.Int) []byte {
	enc, err := assets.abi.Pack("setPrice", id, price)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSetPrice is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3d8886f1.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function setPrice(uint256 id, uint96 price) returns()
func (assets *Assets) TryPackSetPrice(id *big.Int, price *big.Int) ([]byte, error) {
	return assets.abi.Pack("setPrice", id, price)
}

// PackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function supportsInterface(bytes4 id) view returns(bool)
func (assets *Assets) PackSupportsInterface(id [4]byte) []byte {
	enc, err := assets.abi.Pack("supportsInterface", id)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSupportsInterface is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x01ffc9a7.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function supportsInterface(bytes4 id) view returns(bool)
func (assets *Assets) TryPackSupportsInterface(id [4]byte) ([]byte, error) {
	return assets.abi.Pack("supportsInterface", id)
}

// UnpackSupportsInterface is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x01ffc9a7.
//
// Solidity: function supportsInterface(bytes4 id) view returns(bool)
func (assets *Assets) UnpackSupportsInterface(data []byte) (bool, error) {
	out, err := assets.abi.Unpack("supportsInterface", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackSymbol is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x95d89b41.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function symbol() view returns(string)
func (assets *Assets) PackSymbol() []byte {
	enc, err := assets.abi.Pack("symbol")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSymbol is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x95d89b41.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function symbol() view returns(string)
func (assets *Assets) TryPackSymbol() ([]byte, error) {
	return assets.abi.Pack("symbol")
}

// UnpackSymbol is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x95d89b41.
//
// Solidity: function symbol() view returns(string)
func (assets *Assets) UnpackSymbol(data []byte) (string, error) {
	out, err := assets.abi.Unpack("symbol", data)
	if err != nil {
		return *new(string), err
	}
	out0 := *abi.ConvertType(out[0], new(string)).(*string)
	return out0, nil
}

// PackTokenURI is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc87b56dd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function tokenURI(uint256 id) view returns(string)
func (assets *Assets) PackTokenURI(id *big.Int) []byte {
	enc, err := assets.abi.Pack("tokenURI", id)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTokenURI is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc87b56dd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function tokenURI(uint256 id) view returns(string)
func (assets *Assets) TryPackTokenURI(id *big.Int) ([]byte, error) {
	return assets.abi.Pack("tokenURI", id)
}

// UnpackTokenURI is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xc87b56dd.
//
// Solidity: function tokenURI(uint256 id) view returns(string)
func (assets *Assets) UnpackTokenURI(data []byte) (string, error) {
	out, err := assets.abi.Unpack("tokenURI", data)
	if err != nil {
		return *new(string), err
	}
	out0 := *abi.ConvertType(out[0], new(string)).(*string)
	return out0, nil
}

// PackTransferFrom is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x23b872dd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function transferFrom(address from, address to, uint256 tokenId) returns()
func (assets *Assets) PackTransferFrom(from common.Address, to common.Address, tokenId *big.Int) []byte {
	enc, err := assets.abi.Pack("transferFrom", from, to, tokenId)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTransferFrom is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x23b872dd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function transferFrom(address from, address to, uint256 tokenId) returns()
func (assets *Assets) TryPackTransferFrom(from common.Address, to common.Address, tokenId *big.Int) ([]byte, error) {
	return assets.abi.Pack("transferFrom", from, to, tokenId)
}

// AssetsApproval represents a Approval event raised by the Assets contract.
type AssetsApproval struct {
	Owner    common.Address
	Approved common.Address
	TokenId  *big.Int
	Raw      *types.Log // Blockchain specific contextual infos
}

const AssetsApprovalEventName = "Approval"

// ContractEventName returns the user-defined event name.
func (AssetsApproval) ContractEventName() string {
	return AssetsApprovalEventName
}

// UnpackApprovalEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Approval(address indexed owner, address indexed approved, uint256 indexed tokenId)
func (assets *Assets) UnpackApprovalEvent(log *types.Log) (*AssetsApproval, error) {
	event := "Approval"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != assets.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(AssetsApproval)
	if len(log.Data) > 0 {
		if err := assets.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range assets.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// AssetsApprovalForAll represents a ApprovalForAll event raised by the Assets contract.
type AssetsApprovalForAll struct {
	Owner    common.Address
	Operator common.Address
	Approved bool
	Raw      *types.Log // Blockchain specific contextual infos
}

const AssetsApprovalForAllEventName = "ApprovalForAll"

// ContractEventName returns the user-defined event name.
func (AssetsApprovalForAll) ContractEventName() string {
	return AssetsApprovalForAllEventName
}

// UnpackApprovalForAllEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event ApprovalForAll(address indexed owner, address indexed operator, bool approved)
func (assets *Assets) UnpackApprovalForAllEvent(log *types.Log) (*AssetsApprovalForAll, error) {
	event := "ApprovalForAll"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != assets.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(AssetsApprovalForAll)
	if len(log.Data) > 0 {
		if err := assets.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range assets.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// AssetsBatchMetadataUpdate represents a BatchMetadataUpdate event raised by the Assets contract.
type AssetsBatchMetadataUpdate struct {
	FromTokenId *big.Int
	ToTokenId   *big.Int
	Raw         *types.Log // Blockchain specific contextual infos
}

const AssetsBatchMetadataUpdateEventName = "BatchMetadataUpdate"

// ContractEventName returns the user-defined event name.
func (AssetsBatchMetadataUpdate) ContractEventName() string {
	return AssetsBatchMetadataUpdateEventName
}

// UnpackBatchMetadataUpdateEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event BatchMetadataUpdate(uint256 _fromTokenId, uint256 _toTokenId)
func (assets *Assets) UnpackBatchMetadataUpdateEvent(log *types.Log) (*AssetsBatchMetadataUpdate, error) {
	event := "BatchMetadataUpdate"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != assets.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(AssetsBatchMetadataUpdate)
	if len(log.Data) > 0 {
		if err := assets.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range assets.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// AssetsDelistedSet represents a DelistedSet event raised by the Assets contract.
type AssetsDelistedSet struct {
	Id       *big.Int
	Delisted bool
	Raw      *types.Log // Blockchain specific contextual infos
}

const AssetsDelistedSetEventName = "DelistedSet"

// ContractEventName returns the user-defined event name.
func (AssetsDelistedSet) ContractEventName() string {
	return AssetsDelistedSetEventName
}

// UnpackDelistedSetEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event DelistedSet(uint256 indexed id, bool delisted)
func (assets *Assets) UnpackDelistedSetEvent(log *types.Log) (*AssetsDelistedSet, error) {
	event := "DelistedSet"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != assets.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(AssetsDelistedSet)
	if len(log.Data) > 0 {
		if err := assets.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range assets.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// AssetsListed represents a Listed event raised by the Assets contract.
type AssetsListed struct {
	Id      *big.Int
	Owner   common.Address
	Kind    uint8
	Content [32]byte
	Policy  [32]byte
	Price   *big.Int
	Split   [32]byte
	Raw     *types.Log // Blockchain specific contextual infos
}

const AssetsListedEventName = "Listed"

// ContractEventName returns the user-defined event name.
func (AssetsListed) ContractEventName() string {
	return AssetsListedEventName
}

// UnpackListedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Listed(uint256 indexed id, address indexed owner, uint8 indexed kind, bytes32 content, bytes32 policy, uint96 price, bytes32 split)
func (assets *Assets) UnpackListedEvent(log *types.Log) (*AssetsListed, error) {
	event := "Listed"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != assets.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(AssetsListed)
	if len(log.Data) > 0 {
		if err := assets.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range assets.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// AssetsMetadataUpdate represents a MetadataUpdate event raised by the Assets contract.
type AssetsMetadataUpdate struct {
	TokenId *big.Int
	Raw     *types.Log // Blockchain specific contextual infos
}

const AssetsMetadataUpdateEventName = "MetadataUpdate"

// ContractEventName returns the user-defined event name.
func (AssetsMetadataUpdate) ContractEventName() string {
	return AssetsMetadataUpdateEventName
}

// UnpackMetadataUpdateEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event MetadataUpdate(uint256 _tokenId)
func (assets *Assets) UnpackMetadataUpdateEvent(log *types.Log) (*AssetsMetadataUpdate, error) {
	event := "MetadataUpdate"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != assets.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(AssetsMetadataUpdate)
	if len(log.Data) > 0 {
		if err := assets.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range assets.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// AssetsPriceSet represents a PriceSet event raised by the Assets contract.
type AssetsPriceSet struct {
	Id    *big.Int
	Price *big.Int
	Raw   *types.Log // Blockchain specific contextual infos
}

const AssetsPriceSetEventName = "PriceSet"

// ContractEventName returns the user-defined event name.
func (AssetsPriceSet) ContractEventName() string {
	return AssetsPriceSetEventName
}

// UnpackPriceSetEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event PriceSet(uint256 indexed id, uint96 price)
func (assets *Assets) UnpackPriceSetEvent(log *types.Log) (*AssetsPriceSet, error) {
	event := "PriceSet"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != assets.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(AssetsPriceSet)
	if len(log.Data) > 0 {
		if err := assets.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range assets.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// AssetsTransfer represents a Transfer event raised by the Assets contract.
type AssetsTransfer struct {
	From    common.Address
	To      common.Address
	TokenId *big.Int
	Raw     *types.Log // Blockchain specific contextual infos
}

const AssetsTransferEventName = "Transfer"

// ContractEventName returns the user-defined event name.
func (AssetsTransfer) ContractEventName() string {
	return AssetsTransferEventName
}

// UnpackTransferEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)
func (assets *Assets) UnpackTransferEvent(log *types.Log) (*AssetsTransfer, error) {
	event := "Transfer"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != assets.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(AssetsTransfer)
	if len(log.Data) > 0 {
		if err := assets.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range assets.abi.Events[event].Inputs {
		if arg.Indexed {
			indexed = append(indexed, arg)
		}
	}
	if err := abi.ParseTopics(out, indexed, log.Topics[1:]); err != nil {
		return nil, err
	}
	out.Raw = log
	return out, nil
}

// UnpackError attempts to decode the provided error data using user-defined
// error definitions.
func (assets *Assets) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], assets.abi.Errors["AlreadyListed"].ID.Bytes()[:4]) {
		return assets.UnpackAlreadyListedError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["BadKind"].ID.Bytes()[:4]) {
		return assets.UnpackBadKindError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["BadRoyalty"].ID.Bytes()[:4]) {
		return assets.UnpackBadRoyaltyError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["BadSplit"].ID.Bytes()[:4]) {
		return assets.UnpackBadSplitError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["BadUri"].ID.Bytes()[:4]) {
		return assets.UnpackBadUriError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["DuplicateContent"].ID.Bytes()[:4]) {
		return assets.UnpackDuplicateContentError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC2981InvalidDefaultRoyalty"].ID.Bytes()[:4]) {
		return assets.UnpackERC2981InvalidDefaultRoyaltyError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC2981InvalidDefaultRoyaltyReceiver"].ID.Bytes()[:4]) {
		return assets.UnpackERC2981InvalidDefaultRoyaltyReceiverError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC2981InvalidTokenRoyalty"].ID.Bytes()[:4]) {
		return assets.UnpackERC2981InvalidTokenRoyaltyError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC2981InvalidTokenRoyaltyReceiver"].ID.Bytes()[:4]) {
		return assets.UnpackERC2981InvalidTokenRoyaltyReceiverError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC721IncorrectOwner"].ID.Bytes()[:4]) {
		return assets.UnpackERC721IncorrectOwnerError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC721InsufficientApproval"].ID.Bytes()[:4]) {
		return assets.UnpackERC721InsufficientApprovalError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC721InvalidApprover"].ID.Bytes()[:4]) {
		return assets.UnpackERC721InvalidApproverError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC721InvalidOperator"].ID.Bytes()[:4]) {
		return assets.UnpackERC721InvalidOperatorError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC721InvalidOwner"].ID.Bytes()[:4]) {
		return assets.UnpackERC721InvalidOwnerError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC721InvalidReceiver"].ID.Bytes()[:4]) {
		return assets.UnpackERC721InvalidReceiverError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC721InvalidSender"].ID.Bytes()[:4]) {
		return assets.UnpackERC721InvalidSenderError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["ERC721NonexistentToken"].ID.Bytes()[:4]) {
		return assets.UnpackERC721NonexistentTokenError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["NoContent"].ID.Bytes()[:4]) {
		return assets.UnpackNoContentError(raw[4:])
	}
	if bytes.Equal(raw[:4], assets.abi.Errors["NotOwner"].ID.Bytes()[:4]) {
		return assets.UnpackNotOwnerError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// AssetsAlreadyListed represents a AlreadyListed error raised by the Assets contract.
type AssetsAlreadyListed struct {
	Id *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AlreadyListed(uint256 id)
func AssetsAlreadyListedErrorID() common.Hash {
	return common.HexToHash("0x7fbcdff9d313f648fc928eac83f85d0b6987399caf4b6cd75676f0ddaf44a172")
}

// UnpackAlreadyListedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AlreadyListed(uint256 id)
func (assets *Assets) UnpackAlreadyListedError(raw []byte) (*AssetsAlreadyListed, error) {
	out := new(AssetsAlreadyListed)
	if err := assets.abi.UnpackIntoInterface(out, "AlreadyListed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsBadKind represents a BadKind error raised by the Assets contract.
type AssetsBadKind struct {
	Kind uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadKind(uint8 kind)
func AssetsBadKindErrorID() common.Hash {
	return common.HexToHash("0xdfc03387cd0954383590214b37ff2382020510831b1add1a928434df7243c494")
}

// UnpackBadKindError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadKind(uint8 kind)
func (assets *Assets) UnpackBadKindError(raw []byte) (*AssetsBadKind, error) {
	out := new(AssetsBadKind)
	if err := assets.abi.UnpackIntoInterface(out, "BadKind", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsBadRoyalty represents a BadRoyalty error raised by the Assets contract.
type AssetsBadRoyalty struct {
	Bps *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadRoyalty(uint96 bps)
func AssetsBadRoyaltyErrorID() common.Hash {
	return common.HexToHash("0x778fd4483e397e55906c906f6d6d9866660ccc5e2a62d20b3a15f34dc69b7409")
}

// UnpackBadRoyaltyError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadRoyalty(uint96 bps)
func (assets *Assets) UnpackBadRoyaltyError(raw []byte) (*AssetsBadRoyalty, error) {
	out := new(AssetsBadRoyalty)
	if err := assets.abi.UnpackIntoInterface(out, "BadRoyalty", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsBadSplit represents a BadSplit error raised by the Assets contract.
type AssetsBadSplit struct {
	Split [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadSplit(bytes32 split)
func AssetsBadSplitErrorID() common.Hash {
	return common.HexToHash("0xb3dc2c895db959529d7570468aa2d707d03087c3c426ea8cf02a95921d30abf8")
}

// UnpackBadSplitError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadSplit(bytes32 split)
func (assets *Assets) UnpackBadSplitError(raw []byte) (*AssetsBadSplit, error) {
	out := new(AssetsBadSplit)
	if err := assets.abi.UnpackIntoInterface(out, "BadSplit", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsBadUri represents a BadUri error raised by the Assets contract.
type AssetsBadUri struct {
	Length *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadUri(uint256 length)
func AssetsBadUriErrorID() common.Hash {
	return common.HexToHash("0xae8e5d8457e63cdfd2a142f5ab1d7f129640ad1c30a0b253261d6140fc706f0d")
}

// UnpackBadUriError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadUri(uint256 length)
func (assets *Assets) UnpackBadUriError(raw []byte) (*AssetsBadUri, error) {
	out := new(AssetsBadUri)
	if err := assets.abi.UnpackIntoInterface(out, "BadUri", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsDuplicateContent represents a DuplicateContent error raised by the Assets contract.
type AssetsDuplicateContent struct {
	Id *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error DuplicateContent(uint256 id)
func AssetsDuplicateContentErrorID() common.Hash {
	return common.HexToHash("0x377bbaf31364592e8680c8ba651df0685e92b86df059fc1286e94762aa4f6261")
}

// UnpackDuplicateContentError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error DuplicateContent(uint256 id)
func (assets *Assets) UnpackDuplicateContentError(raw []byte) (*AssetsDuplicateContent, error) {
	out := new(AssetsDuplicateContent)
	if err := assets.abi.UnpackIntoInterface(out, "DuplicateContent", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC2981InvalidDefaultRoyalty represents a ERC2981InvalidDefaultRoyalty error raised by the Assets contract.
type AssetsERC2981InvalidDefaultRoyalty struct {
	Numerator   *big.Int
	Denominator *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC2981InvalidDefaultRoyalty(uint256 numerator, uint256 denominator)
func AssetsERC2981InvalidDefaultRoyaltyErrorID() common.Hash {
	return common.HexToHash("0x6f483d09b3a1c4c035367ae09146a8a08a718cb6617416cc12a2457ab3d65514")
}

// UnpackERC2981InvalidDefaultRoyaltyError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC2981InvalidDefaultRoyalty(uint256 numerator, uint256 denominator)
func (assets *Assets) UnpackERC2981InvalidDefaultRoyaltyError(raw []byte) (*AssetsERC2981InvalidDefaultRoyalty, error) {
	out := new(AssetsERC2981InvalidDefaultRoyalty)
	if err := assets.abi.UnpackIntoInterface(out, "ERC2981InvalidDefaultRoyalty", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC2981InvalidDefaultRoyaltyReceiver represents a ERC2981InvalidDefaultRoyaltyReceiver error raised by the Assets contract.
type AssetsERC2981InvalidDefaultRoyaltyReceiver struct {
	Receiver common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC2981InvalidDefaultRoyaltyReceiver(address receiver)
func AssetsERC2981InvalidDefaultRoyaltyReceiverErrorID() common.Hash {
	return common.HexToHash("0xb6d9900a710828c2d05fe8061d6309d02a20eaa45cd00228c2c2dfbfa2b86fc3")
}

// UnpackERC2981InvalidDefaultRoyaltyReceiverError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC2981InvalidDefaultRoyaltyReceiver(address receiver)
func (assets *Assets) UnpackERC2981InvalidDefaultRoyaltyReceiverError(raw []byte) (*AssetsERC2981InvalidDefaultRoyaltyReceiver, error) {
	out := new(AssetsERC2981InvalidDefaultRoyaltyReceiver)
	if err := assets.abi.UnpackIntoInterface(out, "ERC2981InvalidDefaultRoyaltyReceiver", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC2981InvalidTokenRoyalty represents a ERC2981InvalidTokenRoyalty error raised by the Assets contract.
type AssetsERC2981InvalidTokenRoyalty struct {
	TokenId     *big.Int
	Numerator   *big.Int
	Denominator *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC2981InvalidTokenRoyalty(uint256 tokenId, uint256 numerator, uint256 denominator)
func AssetsERC2981InvalidTokenRoyaltyErrorID() common.Hash {
	return common.HexToHash("0xdfd1fc1b5658265f0993b87b75dd02b2fdcb36b128879bccdcf260effa0856bf")
}

// UnpackERC2981InvalidTokenRoyaltyError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC2981InvalidTokenRoyalty(uint256 tokenId, uint256 numerator, uint256 denominator)
func (assets *Assets) UnpackERC2981InvalidTokenRoyaltyError(raw []byte) (*AssetsERC2981InvalidTokenRoyalty, error) {
	out := new(AssetsERC2981InvalidTokenRoyalty)
	if err := assets.abi.UnpackIntoInterface(out, "ERC2981InvalidTokenRoyalty", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC2981InvalidTokenRoyaltyReceiver represents a ERC2981InvalidTokenRoyaltyReceiver error raised by the Assets contract.
type AssetsERC2981InvalidTokenRoyaltyReceiver struct {
	TokenId  *big.Int
	Receiver common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC2981InvalidTokenRoyaltyReceiver(uint256 tokenId, address receiver)
func AssetsERC2981InvalidTokenRoyaltyReceiverErrorID() common.Hash {
	return common.HexToHash("0x969f0852135afead3ca9a1ff1e4fe485d35593f81a91d5dbe3a5737302cdbda8")
}

// UnpackERC2981InvalidTokenRoyaltyReceiverError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC2981InvalidTokenRoyaltyReceiver(uint256 tokenId, address receiver)
func (assets *Assets) UnpackERC2981InvalidTokenRoyaltyReceiverError(raw []byte) (*AssetsERC2981InvalidTokenRoyaltyReceiver, error) {
	out := new(AssetsERC2981InvalidTokenRoyaltyReceiver)
	if err := assets.abi.UnpackIntoInterface(out, "ERC2981InvalidTokenRoyaltyReceiver", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC721IncorrectOwner represents a ERC721IncorrectOwner error raised by the Assets contract.
type AssetsERC721IncorrectOwner struct {
	Sender  common.Address
	TokenId *big.Int
	Owner   common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC721IncorrectOwner(address sender, uint256 tokenId, address owner)
func AssetsERC721IncorrectOwnerErrorID() common.Hash {
	return common.HexToHash("0x64283d7b313c8117c125f736876fa2b4e90ea3831a4716dfdb87d2f540e26289")
}

// UnpackERC721IncorrectOwnerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC721IncorrectOwner(address sender, uint256 tokenId, address owner)
func (assets *Assets) UnpackERC721IncorrectOwnerError(raw []byte) (*AssetsERC721IncorrectOwner, error) {
	out := new(AssetsERC721IncorrectOwner)
	if err := assets.abi.UnpackIntoInterface(out, "ERC721IncorrectOwner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC721InsufficientApproval represents a ERC721InsufficientApproval error raised by the Assets contract.
type AssetsERC721InsufficientApproval struct {
	Operator common.Address
	TokenId  *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC721InsufficientApproval(address operator, uint256 tokenId)
func AssetsERC721InsufficientApprovalErrorID() common.Hash {
	return common.HexToHash("0x177e802f6f313bc89797ecace66d6d29ab4719cbaaacbb87367264048b1eb861")
}

// UnpackERC721InsufficientApprovalError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC721InsufficientApproval(address operator, uint256 tokenId)
func (assets *Assets) UnpackERC721InsufficientApprovalError(raw []byte) (*AssetsERC721InsufficientApproval, error) {
	out := new(AssetsERC721InsufficientApproval)
	if err := assets.abi.UnpackIntoInterface(out, "ERC721InsufficientApproval", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC721InvalidApprover represents a ERC721InvalidApprover error raised by the Assets contract.
type AssetsERC721InvalidApprover struct {
	Approver common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC721InvalidApprover(address approver)
func AssetsERC721InvalidApproverErrorID() common.Hash {
	return common.HexToHash("0xa9fbf51f86b8e03595d59dc726bb10c329bb24f62589be276d8dd193ca0b69ea")
}

// UnpackERC721InvalidApproverError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC721InvalidApprover(address approver)
func (assets *Assets) UnpackERC721InvalidApproverError(raw []byte) (*AssetsERC721InvalidApprover, error) {
	out := new(AssetsERC721InvalidApprover)
	if err := assets.abi.UnpackIntoInterface(out, "ERC721InvalidApprover", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC721InvalidOperator represents a ERC721InvalidOperator error raised by the Assets contract.
type AssetsERC721InvalidOperator struct {
	Operator common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC721InvalidOperator(address operator)
func AssetsERC721InvalidOperatorErrorID() common.Hash {
	return common.HexToHash("0x5b08ba185e8f577075361f3a3555a6580a227ce22734dcc979c1aeadf894658b")
}

// UnpackERC721InvalidOperatorError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC721InvalidOperator(address operator)
func (assets *Assets) UnpackERC721InvalidOperatorError(raw []byte) (*AssetsERC721InvalidOperator, error) {
	out := new(AssetsERC721InvalidOperator)
	if err := assets.abi.UnpackIntoInterface(out, "ERC721InvalidOperator", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC721InvalidOwner represents a ERC721InvalidOwner error raised by the Assets contract.
type AssetsERC721InvalidOwner struct {
	Owner common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC721InvalidOwner(address owner)
func AssetsERC721InvalidOwnerErrorID() common.Hash {
	return common.HexToHash("0x89c62b6479af2e623826dcc39c5133061d35b66d72de92833401dd2fd6567480")
}

// UnpackERC721InvalidOwnerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC721InvalidOwner(address owner)
func (assets *Assets) UnpackERC721InvalidOwnerError(raw []byte) (*AssetsERC721InvalidOwner, error) {
	out := new(AssetsERC721InvalidOwner)
	if err := assets.abi.UnpackIntoInterface(out, "ERC721InvalidOwner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC721InvalidReceiver represents a ERC721InvalidReceiver error raised by the Assets contract.
type AssetsERC721InvalidReceiver struct {
	Receiver common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC721InvalidReceiver(address receiver)
func AssetsERC721InvalidReceiverErrorID() common.Hash {
	return common.HexToHash("0x64a0ae9278f805eaf991dcd18ca78756d280b7508b764ef1b255c55845c11df9")
}

// UnpackERC721InvalidReceiverError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC721InvalidReceiver(address receiver)
func (assets *Assets) UnpackERC721InvalidReceiverError(raw []byte) (*AssetsERC721InvalidReceiver, error) {
	out := new(AssetsERC721InvalidReceiver)
	if err := assets.abi.UnpackIntoInterface(out, "ERC721InvalidReceiver", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC721InvalidSender represents a ERC721InvalidSender error raised by the Assets contract.
type AssetsERC721InvalidSender struct {
	Sender common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC721InvalidSender(address sender)
func AssetsERC721InvalidSenderErrorID() common.Hash {
	return common.HexToHash("0x73c6ac6e10798e95d99e1f130d923eb40193ecb8d094ec3dce93292564eb3b17")
}

// UnpackERC721InvalidSenderError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC721InvalidSender(address sender)
func (assets *Assets) UnpackERC721InvalidSenderError(raw []byte) (*AssetsERC721InvalidSender, error) {
	out := new(AssetsERC721InvalidSender)
	if err := assets.abi.UnpackIntoInterface(out, "ERC721InvalidSender", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsERC721NonexistentToken represents a ERC721NonexistentToken error raised by the Assets contract.
type AssetsERC721NonexistentToken struct {
	TokenId *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ERC721NonexistentToken(uint256 tokenId)
func AssetsERC721NonexistentTokenErrorID() common.Hash {
	return common.HexToHash("0x7e273289a3a9ef6670f06df7dca227856fc925e956db96980692764a8bc734d7")
}

// UnpackERC721NonexistentTokenError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ERC721NonexistentToken(uint256 tokenId)
func (assets *Assets) UnpackERC721NonexistentTokenError(raw []byte) (*AssetsERC721NonexistentToken, error) {
	out := new(AssetsERC721NonexistentToken)
	if err := assets.abi.UnpackIntoInterface(out, "ERC721NonexistentToken", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsNoContent represents a NoContent error raised by the Assets contract.
type AssetsNoContent struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoContent()
func AssetsNoContentErrorID() common.Hash {
	return common.HexToHash("0x93a0236d3fa25b22cab7e7dcf8b57a977347ca3351001f916bfb713059355393")
}

// UnpackNoContentError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoContent()
func (assets *Assets) UnpackNoContentError(raw []byte) (*AssetsNoContent, error) {
	out := new(AssetsNoContent)
	if err := assets.abi.UnpackIntoInterface(out, "NoContent", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// AssetsNotOwner represents a NotOwner error raised by the Assets contract.
type AssetsNotOwner struct {
	Id     *big.Int
	Caller common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotOwner(uint256 id, address caller)
func AssetsNotOwnerErrorID() common.Hash {
	return common.HexToHash("0xb9c08761b39290edeb2eaccc82f97335f55e0538265165b6a27841798afb244b")
}

// UnpackNotOwnerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotOwner(uint256 id, address caller)
func (assets *Assets) UnpackNotOwnerError(raw []byte) (*AssetsNotOwner, error) {
	out := new(AssetsNotOwner)
	if err := assets.abi.UnpackIntoInterface(out, "NotOwner", raw); err != nil {
		return nil, err
	}
	return out, nil
}
