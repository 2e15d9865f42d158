// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package market

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

// MarketJobRequest is an auto generated low-level Go binding around an user-defined struct.
type MarketJobRequest struct {
	Id       [32]byte
	App      [32]byte
	Data     [32]byte
	Model    [32]byte
	Slot     [32]byte
	Body     [32]byte
	Receipts [][32]byte
	Deadline uint64
	Limits   MarketLimits
}

// MarketLimits is an auto generated low-level Go binding around an user-defined struct.
type MarketLimits struct {
	Wall        uint64
	MemoryPages uint32
	Output      uint32
	Log         uint32
	Handles     uint32
	Tensor      uint64
}

// MarketPermit is an auto generated low-level Go binding around an user-defined struct.
type MarketPermit struct {
	Deadline *big.Int
	V        uint8
	R        [32]byte
	S        [32]byte
}

// MarketReceipt is an auto generated low-level Go binding around an user-defined struct.
type MarketReceipt struct {
	Buyer       common.Address
	Paid        *big.Int
	Seller      common.Address
	Expiry      uint64
	State       uint8
	Delegate    common.Address
	Until       uint64
	Units       uint64
	RefundUntil uint64
	RefundAt    uint64
	BoughtAt    uint64
	Asset       *big.Int
	Split       [32]byte
}

// MarketMetaData contains all meta data concerning the Market contract.
var MarketMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner_\",\"type\":\"address\"},{\"internalType\":\"contractIERC20\",\"name\":\"credits_\",\"type\":\"address\"},{\"internalType\":\"contractAssets\",\"name\":\"assets_\",\"type\":\"address\"},{\"internalType\":\"contractPayroll\",\"name\":\"payroll_\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"refundWindow_\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"refundDelay_\",\"type\":\"uint64\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"}],\"name\":\"AlreadyBought\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"receipts\",\"type\":\"uint256\"}],\"name\":\"BadBatch\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"assets\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"units\",\"type\":\"uint256\"}],\"name\":\"BadBundle\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"BadSignature\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint64\",\"name\":\"ttl\",\"type\":\"uint64\"}],\"name\":\"BadTtl\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"EnforcedPause\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ExpectedPause\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"InvalidShortString\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"asset\",\"type\":\"uint256\"}],\"name\":\"NoUnits\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"caller\",\"type\":\"address\"}],\"name\":\"NotBuyer\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"asset\",\"type\":\"uint256\"}],\"name\":\"NotForSale\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"internalType\":\"enumMarket.State\",\"name\":\"state\",\"type\":\"uint8\"}],\"name\":\"NotRefundable\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"}],\"name\":\"OwnableInvalidOwner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"OwnableUnauthorizedAccount\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"asset\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"price\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"left\",\"type\":\"uint256\"}],\"name\":\"PriceMoved\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ReentrancyGuardReentrantCall\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"internalType\":\"uint64\",\"name\":\"until\",\"type\":\"uint64\"}],\"name\":\"RefundWindowClosed\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"token\",\"type\":\"address\"}],\"name\":\"SafeERC20FailedOperation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"string\",\"name\":\"str\",\"type\":\"string\"}],\"name\":\"StringTooLong\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"}],\"name\":\"UnknownReceipt\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"key\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"until\",\"type\":\"uint64\"}],\"name\":\"Delegated\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[],\"name\":\"EIP712DomainChanged\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previousOwner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"OwnershipTransferStarted\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"previousOwner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"OwnershipTransferred\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"Paused\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"buyer\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"uint256\",\"name\":\"asset\",\"type\":\"uint256\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"ref\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"units\",\"type\":\"uint64\"},{\"indexed\":false,\"internalType\":\"uint96\",\"name\":\"paid\",\"type\":\"uint96\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"expiry\",\"type\":\"uint64\"}],\"name\":\"Purchased\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint64\",\"name\":\"due\",\"type\":\"uint64\"}],\"name\":\"RefundRequested\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"buyer\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint96\",\"name\":\"amount\",\"type\":\"uint96\"}],\"name\":\"Refunded\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"seller\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"split\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"uint96\",\"name\":\"amount\",\"type\":\"uint96\"},{\"indexed\":false,\"internalType\":\"bytes32\",\"name\":\"job\",\"type\":\"bytes32\"}],\"name\":\"Settled\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"receipt\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"enumMarket.Skip\",\"name\":\"reason\",\"type\":\"uint8\"}],\"name\":\"Skipped\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":false,\"internalType\":\"address\",\"name\":\"account\",\"type\":\"address\"}],\"name\":\"Unpaused\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"JOB_TYPEHASH\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"LIMITS_TYPEHASH\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_BATCH\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_BUNDLE\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"MAX_TTL\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"acceptOwnership\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"assets\",\"outputs\":[{\"internalType\":\"contractAssets\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"buyer\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"ref\",\"type\":\"bytes32\"}],\"name\":\"bundle\",\"outputs\":[{\"internalType\":\"bytes32[]\",\"name\":\"receipts\",\"type\":\"bytes32[]\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"buyer\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"index\",\"type\":\"uint256\"}],\"name\":\"bundleAt\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"buyer\",\"type\":\"address\"}],\"name\":\"bundles\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"ref\",\"type\":\"bytes32\"},{\"internalType\":\"uint256[]\",\"name\":\"ids\",\"type\":\"uint256[]\"},{\"internalType\":\"uint64[]\",\"name\":\"units\",\"type\":\"uint64[]\"},{\"internalType\":\"uint64\",\"name\":\"ttl\",\"type\":\"uint64\"},{\"internalType\":\"uint96\",\"name\":\"maxPaid\",\"type\":\"uint96\"}],\"name\":\"buyBundle\",\"outputs\":[{\"internalType\":\"bytes32[]\",\"name\":\"\",\"type\":\"bytes32[]\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"ref\",\"type\":\"bytes32\"},{\"internalType\":\"uint256[]\",\"name\":\"ids\",\"type\":\"uint256[]\"},{\"internalType\":\"uint64[]\",\"name\":\"units\",\"type\":\"uint64[]\"},{\"internalType\":\"uint64\",\"name\":\"ttl\",\"type\":\"uint64\"},{\"internalType\":\"uint96\",\"name\":\"maxPaid\",\"type\":\"uint96\"},{\"components\":[{\"internalType\":\"uint256\",\"name\":\"deadline\",\"type\":\"uint256\"},{\"internalType\":\"uint8\",\"name\":\"v\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"r\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"s\",\"type\":\"bytes32\"}],\"internalType\":\"structMarket.Permit\",\"name\":\"p\",\"type\":\"tuple\"}],\"name\":\"buyBundleWithPermit\",\"outputs\":[{\"internalType\":\"bytes32[]\",\"name\":\"\",\"type\":\"bytes32[]\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"credits\",\"outputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32[]\",\"name\":\"receipts\",\"type\":\"bytes32[]\"},{\"internalType\":\"address\",\"name\":\"key\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"until\",\"type\":\"uint64\"}],\"name\":\"delegate\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"eip712Domain\",\"outputs\":[{\"internalType\":\"bytes1\",\"name\":\"fields\",\"type\":\"bytes1\"},{\"internalType\":\"string\",\"name\":\"name\",\"type\":\"string\"},{\"internalType\":\"string\",\"name\":\"version\",\"type\":\"string\"},{\"internalType\":\"uint256\",\"name\":\"chainId\",\"type\":\"uint256\"},{\"internalType\":\"address\",\"name\":\"verifyingContract\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"salt\",\"type\":\"bytes32\"},{\"internalType\":\"uint256[]\",\"name\":\"extensions\",\"type\":\"uint256[]\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"buyer\",\"type\":\"address\"}],\"name\":\"escrowOf\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"key\",\"type\":\"address\"}],\"name\":\"everDelegate\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"app\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"data\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"model\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"slot\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"body\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32[]\",\"name\":\"receipts\",\"type\":\"bytes32[]\"},{\"internalType\":\"uint64\",\"name\":\"deadline\",\"type\":\"uint64\"},{\"components\":[{\"internalType\":\"uint64\",\"name\":\"wall\",\"type\":\"uint64\"},{\"internalType\":\"uint32\",\"name\":\"memoryPages\",\"type\":\"uint32\"},{\"internalType\":\"uint32\",\"name\":\"output\",\"type\":\"uint32\"},{\"internalType\":\"uint32\",\"name\":\"log\",\"type\":\"uint32\"},{\"internalType\":\"uint32\",\"name\":\"handles\",\"type\":\"uint32\"},{\"internalType\":\"uint64\",\"name\":\"tensor\",\"type\":\"uint64\"}],\"internalType\":\"structMarket.Limits\",\"name\":\"limits\",\"type\":\"tuple\"}],\"internalType\":\"structMarket.JobRequest\",\"name\":\"job\",\"type\":\"tuple\"}],\"name\":\"jobDigest\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"owner\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pause\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"paused\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"payroll\",\"outputs\":[{\"internalType\":\"contractPayroll\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"pendingOwner\",\"outputs\":[{\"internalType\":\"address\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"}],\"name\":\"purchase\",\"outputs\":[{\"components\":[{\"internalType\":\"address\",\"name\":\"buyer\",\"type\":\"address\"},{\"internalType\":\"uint96\",\"name\":\"paid\",\"type\":\"uint96\"},{\"internalType\":\"address\",\"name\":\"seller\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"expiry\",\"type\":\"uint64\"},{\"internalType\":\"enumMarket.State\",\"name\":\"state\",\"type\":\"uint8\"},{\"internalType\":\"address\",\"name\":\"delegate\",\"type\":\"address\"},{\"internalType\":\"uint64\",\"name\":\"until\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"units\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"refundUntil\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"refundAt\",\"type\":\"uint64\"},{\"internalType\":\"uint64\",\"name\":\"boughtAt\",\"type\":\"uint64\"},{\"internalType\":\"uint256\",\"name\":\"asset\",\"type\":\"uint256\"},{\"internalType\":\"bytes32\",\"name\":\"split\",\"type\":\"bytes32\"}],\"internalType\":\"structMarket.Receipt\",\"name\":\"r\",\"type\":\"tuple\"},{\"internalType\":\"uint8\",\"name\":\"kind\",\"type\":\"uint8\"},{\"internalType\":\"bytes32\",\"name\":\"content\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"policy\",\"type\":\"bytes32\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"buyer\",\"type\":\"address\"},{\"internalType\":\"bytes32\",\"name\":\"ref\",\"type\":\"bytes32\"},{\"internalType\":\"uint256\",\"name\":\"index\",\"type\":\"uint256\"}],\"name\":\"receiptFor\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"\",\"type\":\"bytes32\"}],\"stateMutability\":\"pure\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"}],\"name\":\"refund\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"refundDelay\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"refundWindow\",\"outputs\":[{\"internalType\":\"uint64\",\"name\":\"\",\"type\":\"uint64\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"renounceOwnership\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32[]\",\"name\":\"ids\",\"type\":\"bytes32[]\"}],\"name\":\"settle\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"components\":[{\"internalType\":\"bytes32\",\"name\":\"id\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"app\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"data\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"model\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"slot\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32\",\"name\":\"body\",\"type\":\"bytes32\"},{\"internalType\":\"bytes32[]\",\"name\":\"receipts\",\"type\":\"bytes32[]\"},{\"internalType\":\"uint64\",\"name\":\"deadline\",\"type\":\"uint64\"},{\"components\":[{\"internalType\":\"uint64\",\"name\":\"wall\",\"type\":\"uint64\"},{\"internalType\":\"uint32\",\"name\":\"memoryPages\",\"type\":\"uint32\"},{\"internalType\":\"uint32\",\"name\":\"output\",\"type\":\"uint32\"},{\"internalType\":\"uint32\",\"name\":\"log\",\"type\":\"uint32\"},{\"internalType\":\"uint32\",\"name\":\"handles\",\"type\":\"uint32\"},{\"internalType\":\"uint64\",\"name\":\"tensor\",\"type\":\"uint64\"}],\"internalType\":\"structMarket.Limits\",\"name\":\"limits\",\"type\":\"tuple\"}],\"internalType\":\"structMarket.JobRequest\",\"name\":\"job\",\"type\":\"tuple\"},{\"internalType\":\"bytes\",\"name\":\"signature\",\"type\":\"bytes\"}],\"name\":\"settleJob\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"totalEscrow\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"newOwner\",\"type\":\"address\"}],\"name\":\"transferOwnership\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"unpause\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"}]",
	ID:  "Market",
	Bin: "0x610200604052348015610010575f5ffd5b5060405161346c38038061346c83398101604081905261002f91610357565b604080518082018252600881526721b637b4b9ba32b960c11b602080830191909152825180840190935260018352603160f81b9083015290876001600160a01b03811661009657604051631e4fbdf760e01b81525f60048201526024015b60405180910390fd5b61009f81610196565b506100a9826101b2565b610120526100b6816101b2565b61014052815160208084019190912060e052815190820120610100524660a05261014260e05161010051604080517f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f60208201529081019290925260608201524660808201523060a08201525f9060c00160405160208183030381529060405280519060200120905090565b60805250503060c0526001600160a01b03858116610160819052858216610180529084166101a0526001600160401b038084166101c05282166101e05261018b90845f196101ef565b50505050505061042d565b600180546001600160a01b03191690556101af8161026e565b50565b5f5f829050601f815111156101dc578260405163305a27a960e01b815260040161008d91906103d2565b80516101e782610407565b179392505050565b6101fb8383835f6102c6565b6102695761020c83835f60016102c6565b61023457604051635274afe760e01b81526001600160a01b038416600482015260240161008d565b61024183838360016102c6565b61026957604051635274afe760e01b81526001600160a01b038416600482015260240161008d565b505050565b5f80546001600160a01b03838116610100818102610100600160a81b0319851617855560405193049190911692909183917f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e091a35050565b60405163095ea7b360e01b5f8181526001600160a01b038616600452602485905291602083604481808b5af1925060015f5114831661031c578383151615610310573d5f823e3d81fd5b5f873b113d1516831692505b60405250949350505050565b6001600160a01b03811681146101af575f5ffd5b80516001600160401b0381168114610352575f5ffd5b919050565b5f5f5f5f5f5f60c0878903121561036c575f5ffd5b865161037781610328565b602088015190965061038881610328565b604088015190955061039981610328565b60608801519094506103aa81610328565b92506103b86080880161033c565b91506103c660a0880161033c565b90509295509295509295565b602081525f82518060208401528060208501604085015e5f604082850101526040601f19601f83011684010191505092915050565b80516020808301519190811015610427575f198160200360031b1b821691505b50919050565b60805160a05160c05160e05161010051610120516101405161016051610180516101a0516101c0516101e051612f846104e85f395f81816103060152610a9e01525f81816103d6015261203a01525f81816103630152611b3b01525f818161039c01528181610f510152611e2101525f818161028a015281816105d9015281816118f40152611dc701525f611cd101525f611ca101525f61247001525f61244801525f6123a301525f6123cd01525f6123f70152612f845ff3fe608060405234801561000f575f5ffd5b506004361061021b575f3560e01c8063894f48ac11610123578063e01b402d116100b8578063e7f921a211610088578063ec2f481d1161006e578063ec2f481d1461057f578063f2fde38b146105a7578063f4921d35146105ba575f5ffd5b8063e7f921a214610559578063e9cd40801461056c575f5ffd5b8063e01b402d1461050b578063e038c3da14610516578063e0bb278114610535578063e30c397814610548575f5ffd5b8063a3d89844116100f3578063a3d898441461047a578063c4b43ee614610483578063cbbeceb2146104d5578063cc445611146104e8575f5ffd5b8063894f48ac146104235780638da5cb5b14610436578063944362701461044b578063950bff9f14610472575f5ffd5b8063562a5d06116101b35780637249fbb61161018357806379ba50971161016957806379ba5097146103f85780638456cb591461040057806384b0196e14610408575f5ffd5b80637249fbb6146103be57806373643527146103d1575f5ffd5b8063562a5d061461035e5780635c975abb14610385578063715018a61461038f57806371a9730514610397575f5ffd5b806334c6aa23116101ee57806334c6aa23146102da5780633e602b4c146103015780633f4ba83a146103415780633fcb34641461034b575f5ffd5b8063167bd8b31461021f5780631ed297cd1461024857806326540fd2146102855780632899672f146102c4575b5f5ffd5b61023261022d36600461265c565b6105cd565b60405161023f9190612714565b60405180910390f35b61027561025636600461276a565b600560209081525f928352604080842090915290825290205460ff1681565b604051901515815260200161023f565b6102ac7f000000000000000000000000000000000000000000000000000000000000000081565b6040516001600160a01b03909116815260200161023f565b6102cc600881565b60405190815260200161023f565b6102cc7f31044cc82735cc509558e1bb35218453a417b47469a40448eabcd661e1e7a65981565b6103287f000000000000000000000000000000000000000000000000000000000000000081565b60405167ffffffffffffffff909116815260200161023f565b6103496106d0565b005b6103496103593660046127af565b6106e2565b6102ac7f000000000000000000000000000000000000000000000000000000000000000081565b5f5460ff16610275565b6103496109aa565b6102ac7f000000000000000000000000000000000000000000000000000000000000000081565b6103496103cc366004612847565b6109bb565b6103287f000000000000000000000000000000000000000000000000000000000000000081565b610349610b43565b610349610b87565b610410610b97565b60405161023f979695949392919061288c565b610349610431366004612922565b610bd9565b5f5461010090046001600160a01b03166102ac565b6102cc7f9478f37dcba91c0ccf6fbe61c483649266c47240357a4d07b418756a021466bb81565b6102cc602081565b6102cc60085481565b6102cc610491366004612986565b604080516001600160a01b0385166020820152908101839052606081018290525f906080016040516020818303038152906040528051906020012090509392505050565b6102cc6104e33660046129b8565b610d52565b6104fb6104f6366004612847565b610d8d565b60405161023f9493929190612a1f565b6103286301e2850081565b6102cc610524366004612b7f565b60076020525f908152604090205481565b6102cc610543366004612ba1565b610fe7565b6001546001600160a01b03166102ac565b610349610567366004612bd3565b6111d1565b61023261057a366004612c12565b61143f565b6102cc61058d366004612b7f565b6001600160a01b03165f9081526006602052604090205490565b6103496105b5366004612b7f565b61145e565b6102326105c83660046129b8565b6114e1565b60606001600160a01b037f00000000000000000000000000000000000000000000000000000000000000001663d505accf33308686356106136040890160208a01612cbe565b604080517fffffffff0000000000000000000000000000000000000000000000000000000060e089901b1681526001600160a01b0396871660048201529590941660248601526001600160601b039092166044850152606484015260ff16608483015285013560a4820152606085013560c482015260e4015f604051808303815f87803b1580156106a2575f5ffd5b505af19250505080156106b3575060015b506106c38989898989898961162a565b9998505050505050505050565b6106d8611928565b6106e061195a565b565b6106ea6119ab565b6107016106fa60c0850185612cd9565b90506119e0565b5f5f61074a61070f86610fe7565b85858080601f0160208091040260200160405190810160405280939291908181526020018383808284375f92019190915250611a0e92505050565b5090925090505f816003811115610763576107636129e2565b1461078157604051635cd5d23360e01b815260040160405180910390fd5b5f5b61079060c0870187612cd9565b905081101561099a575f6107a760c0880188612cd9565b838181106107b7576107b7612d1f565b602090810292909201355f818152600490935260408320600181015491945092600160e01b90910460ff1691508160048111156107f6576107f66129e2565b0361083857827f167515379ec29133d62e15798dd6c90f692036c714de5d7c9c36fe3ed92ade5b5f60405161082b9190612d33565b60405180910390a261098c565b600481600481111561084c5761084c6129e2565b148061086957506003816004811115610867576108676129e2565b145b1561089f57827f167515379ec29133d62e15798dd6c90f692036c714de5d7c9c36fe3ed92ade5b600260405161082b9190612d33565b81546001600160a01b038781169116148015906108de57505f8381526005602090815260408083206001600160a01b038a16845290915290205460ff16155b1561091457827f167515379ec29133d62e15798dd6c90f692036c714de5d7c9c36fe3ed92ade5b600360405161082b9190612d33565b6002816004811115610928576109286129e2565b14801561094a57506003820154600160801b900467ffffffffffffffff164210155b1561098057827f167515379ec29133d62e15798dd6c90f692036c714de5d7c9c36fe3ed92ade5b600460405161082b9190612d33565b61098c82848b35611a57565b505050806001019050610783565b5050506109a5611b99565b505050565b6109b2611928565b6106e05f611bc3565b5f8181526004602052604090206109d28183611be9565b600180820154600160e01b900460ff1660048111156109f3576109f36129e2565b14610a2f578181600101601c9054906101000a900460ff1660405163cce96a5d60e01b8152600401610a26929190612d46565b60405180910390fd5b6003810154600160401b900467ffffffffffffffff16421115610a845760038101546040516325354f5960e01b815260048101849052600160401b90910467ffffffffffffffff166024820152604401610a26565b60018101805460ff60e01b1916600160e11b179055610ac37f000000000000000000000000000000000000000000000000000000000000000042612d77565b6003820180547fffffffffffffffff0000000000000000ffffffffffffffffffffffffffffffff16600160801b67ffffffffffffffff938416810291909117918290556040519104909116815282907f3a0dd1aaef14a05cb9f852f466d392c02ec44cbc2e7950a6979e239e4b2e7dec9060200160405180910390a25050565b60015433906001600160a01b03168114610b7b5760405163118cdaa760e01b81526001600160a01b0382166004820152602401610a26565b610b8481611bc3565b50565b610b8f611928565b6106e0611c5e565b5f6060805f5f5f6060610ba8611c9a565b610bb0611cca565b604080515f80825260208201909252600f60f81b9b939a50919850469750309650945092509050565b610be2836119e0565b5f5b83811015610d4b575f60045f878785818110610c0257610c02612d1f565b9050602002013581526020019081526020015f209050610c3a81878785818110610c2e57610c2e612d1f565b90506020020135611be9565b6002810180546001600160a01b0386167fffffffff000000000000000000000000000000000000000000000000000000009091168117600160a01b67ffffffffffffffff8716021790915515610cdf57600160055f888886818110610ca157610ca1612d1f565b602090810292909201358352508181019290925260409081015f9081206001600160a01b03891682529092529020805460ff19169115159190911790555b836001600160a01b0316868684818110610cfb57610cfb612d1f565b60405167ffffffffffffffff8816815260209182029390930135927f9c3c666a5295fc7343def2a4cfadddee77754321d7b97dbe2bc4e9161b7ab32192500160405180910390a350600101610be4565b5050505050565b6001600160a01b0382165f908152600660205260408120805483908110610d7b57610d7b612d1f565b905f5260205f20015490505b92915050565b604080516101a0810182525f80825260208201819052918101829052606081018290526080810182905260a0810182905260c0810182905260e0810182905261010081018290526101208101829052610140810182905261016081018290526101808101919091525f82815260046020818152604080842081516101a08101835281546001600160a01b038082168352600160a01b918290046001600160601b03169583019590955260018301549485169382019390935291830467ffffffffffffffff166060830152849384936080840191600160e01b90910460ff1690811115610e7b57610e7b6129e2565b6004811115610e8c57610e8c6129e2565b815260028201546001600160a01b038116602083015267ffffffffffffffff600160a01b9091048116604083015260038301548082166060840152600160401b810482166080840152600160801b8104821660a0840152600160c01b90041660c0820152600482015460e08201526005909101546101009091015293505f84608001516004811115610f2057610f206129e2565b03610f3257505f915081905080610fe0565b610160840151604051638ea06f8160e01b81525f916001600160a01b037f00000000000000000000000000000000000000000000000000000000000000001691638ea06f8191610f889160040190815260200190565b61010060405180830381865afa158015610fa4573d5f5f3e3d5ffd5b505050506040513d601f19601f82011682018060405250810190610fc89190612deb565b5060a081015181516020909201519095509093509150505b9193509193565b5f6101008201817f31044cc82735cc509558e1bb35218453a417b47469a40448eabcd661e1e7a65961101d610120860184612eb1565b61102d6040850160208601612ecc565b61103d6060860160408701612ecc565b61104d6080870160608801612ecc565b61105d60a0880160808901612ecc565b61106d60c0890160a08a01612eb1565b60408051602081019890985267ffffffffffffffff9687169088015263ffffffff9485166060880152928416608087015290831660a086015290911660c08401521660e08201526101000160408051601f19818403018152918152815160209283012092506111c9917f9478f37dcba91c0ccf6fbe61c483649266c47240357a4d07b418756a021466bb9187359188013590880135606089013560808a013560a08b013561111e60c08d018d612cd9565b60405160200161112f929190612eef565b60408051601f1981840301815291905280516020909101206111586101008e0160e08f01612eb1565b60408051602081019a909a528901979097526060880195909552608087019390935260a086019190915260c085015260e084015261010083015267ffffffffffffffff1661012082015261014081018390526101600160405160208183030381529060405280519060200120611cf5565b949350505050565b6111d96119ab565b6111e2816119e0565b5f5b81811015611432575f60045f85858581811061120257611202612d1f565b602090810292909201358352508101919091526040015f9081206001810154909250600160e01b900460ff1690816004811115611241576112416129e2565b0361129b5784848481811061125857611258612d1f565b905060200201357f167515379ec29133d62e15798dd6c90f692036c714de5d7c9c36fe3ed92ade5b5f60405161128e9190612d33565b60405180910390a2611428565b60048160048111156112af576112af6129e2565b14806112cc575060038160048111156112ca576112ca6129e2565b145b1561131a578484848181106112e3576112e3612d1f565b905060200201357f167515379ec29133d62e15798dd6c90f692036c714de5d7c9c36fe3ed92ade5b600260405161128e9190612d33565b600181600481111561132e5761132e6129e2565b036113d7576003820154600160401b900467ffffffffffffffff1642118061135f575081546001600160a01b031633145b1561138e576113898286868681811061137a5761137a612d1f565b905060200201355f5f1b611a57565b611428565b8484848181106113a0576113a0612d1f565b905060200201357f167515379ec29133d62e15798dd6c90f692036c714de5d7c9c36fe3ed92ade5b600160405161128e9190612d33565b6003820154600160801b900467ffffffffffffffff16421015611406578484848181106113a0576113a0612d1f565b6114288286868681811061141c5761141c612d1f565b90506020020135611d21565b50506001016111e4565b5061143b611b99565b5050565b60606114508888888888888861162a565b90505b979650505050505050565b611466611928565b600180546001600160a01b03831673ffffffffffffffffffffffffffffffffffffffff1990911681179091556114a95f546001600160a01b036101009091041690565b6001600160a01b03167f38d16b8cac22d99fc7c124b9cd0de2d3fa1faef420bfe791d8c362d765e2270060405160405180910390a350565b60605f5b60088110801561155d5750604080516001600160a01b038616602080830191909152818301869052606080830185905283518084039091018152608090920183528151918101919091205f90815260049182905291822060010154600160e01b900460ff169081111561155a5761155a6129e2565b14155b156115725761156b81612f2f565b90506114e5565b8067ffffffffffffffff81111561158b5761158b612d97565b6040519080825280602002602001820160405280156115b4578160200160208202803683370190505b5091505f5b8181101561162257604080516001600160a01b0387166020808301919091528183018790526060808301859052835180840390910181526080909201909252805191012083828151811061160f5761160f612d1f565b60209081029190910101526001016115b9565b505092915050565b60606116346119ab565b61163c611df9565b8580158061164a5750600881115b806116555750808514155b1561167d57604051633c45b98160e01b81526004810182905260248101869052604401610a26565b67ffffffffffffffff841615806116a157506301e2850067ffffffffffffffff8516115b156116cb5760405163257744f360e11b815267ffffffffffffffff85166004820152602401610a26565b60408051336020808301919091528183018c90525f6060808401829052845180850390910181526080909301845282519282019290922080835260049182905292822060010154600160e01b900460ff169081111561172c5761172c6129e2565b1461174d57604051630c76114d60e01b815260048101829052602401610a26565b8167ffffffffffffffff81111561176657611766612d97565b60405190808252806020026020018201604052801561178f578160200160208202803683370190505b5092506001600160601b0384165f5b838110156118705760408051336020808301919091528183018f9052606080830185905283518084039091018152608090920190925280519101208582815181106117eb576117eb612d1f565b60200260200101818152505061185c85828151811061180c5761180c612d1f565b60200260200101518d8d8d8581811061182757611827612d1f565b905060200201358c8c8681811061184057611840612d1f565b90506020020160208101906118559190612eb1565b8b87611e1c565b6118669083612f47565b915060010161179e565b50335f90815260066020908152604082208054600181018255908352908220018c90556118a6826001600160601b038816612f47565b335f908152600760205260408120805492935083929091906118c9908490612f5a565b925050819055508060085f8282546118e19190612f5a565b9091555061191c90506001600160a01b037f00000000000000000000000000000000000000000000000000000000000000001633308461213c565b50505050611453611b99565b5f546001600160a01b036101009091041633146106e05760405163118cdaa760e01b8152336004820152602401610a26565b611962612172565b5f805460ff191690557f5db9ee0a495bf2e6ff9c91a7834c1ba4fdd244a5e8aa4e537bd38aeae4b073aa335b6040516001600160a01b03909116815260200160405180910390a1565b6119b3612194565b6106e060017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f005b906121d4565b8015806119ed5750602081115b15610b8457604051635281ff8360e11b815260048101829052602401610a26565b5f5f5f8351604103611a45576020840151604085015160608601515f1a611a37888285856121db565b955095509550505050611a50565b505081515f91506002905b9250925092565b825460018401805460ff60e01b1916600160e21b179055600160a01b81046001600160601b031690611a92906001600160a01b0316826122a3565b60058401546001850154604080516001600160601b0385168152602081018690526001600160a01b039092169186917f7916324e1e63f490c12f929109101e078bd817a0e54afcfa8df2bb90ef0765e2910160405180910390a46001600160601b03811615611b9357600584015460018501546040516397d4df6760e01b815260048101929092526001600160a01b0390811660248301526001600160601b03831660448301527f000000000000000000000000000000000000000000000000000000000000000016906397d4df67906064015f604051808303815f87803b158015611b7c575f5ffd5b505af1158015611b8e573d5f5f3e3d5ffd5b505050505b50505050565b6106e05f7f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f006119da565b6001805473ffffffffffffffffffffffffffffffffffffffff19169055610b84816122eb565b5f6001830154600160e01b900460ff166004811115611c0a57611c0a6129e2565b03611c2b5760405163123e9aab60e21b815260048101829052602401610a26565b81546001600160a01b0316331461143b5760405163337fc3bf60e21b815260048101829052336024820152604401610a26565b611c66611df9565b5f805460ff191660011790557f62e78cea01bee320cd4e420270b5ea74000d11b0c9f74754ebdbfc544b05a25861198e3390565b6060611cc57f000000000000000000000000000000000000000000000000000000000000000061235a565b905090565b6060611cc57f000000000000000000000000000000000000000000000000000000000000000061235a565b5f610d87611d01612397565b8360405161190160f01b8152600281019290925260228201526042902090565b815460018301805460ff60e01b1916600360e01b179055600160a01b81046001600160601b031690611d5c906001600160a01b0316826122a3565b82546040516001600160601b03831681526001600160a01b039091169083907ff6cd5966a3bbff16e2cadf120fa194ce222e02cad89bd1fa846943a98576ef539060200160405180910390a36001600160601b038116156109a55782546109a5906001600160a01b037f0000000000000000000000000000000000000000000000000000000000000000811691166001600160601b0384166124c0565b5f5460ff16156106e05760405163d93c066560e01b815260040160405180910390fd5b5f5f5f7f00000000000000000000000000000000000000000000000000000000000000006001600160a01b0316638ea06f81886040518263ffffffff1660e01b8152600401611e6d91815260200190565b61010060405180830381865afa158015611e89573d5f5f3e3d5ffd5b505050506040513d601f19601f82011682018060405250810190611ead9190612deb565b915091508160a0015160ff165f1480611ec757508160c001515b15611ee857604051630cb5f92160e41b815260048101889052602401610a26565b8567ffffffffffffffff165f03611f15576040516310f55f3560e31b815260048101889052602401610a26565b8567ffffffffffffffff1682606001516001600160601b0316611f389190612f6d565b925083831115611f7a57606082015160405163873dd23f60e01b8152600481018990526001600160601b03909116602482015260448101859052606401610a26565b5f89815260046020526040902033600160a01b6001600160601b0386160217815560018101805473ffffffffffffffffffffffffffffffffffffffff19166001600160a01b038416179055611fcf8642612d77565b60018201805467ffffffffffffffff928316600160a01b0260ff60e01b19167fffffff000000000000000000ffffffffffffffffffffffffffffffffffffffff90911617600160e01b17905560038201805467ffffffffffffffff191691891691909117905561205f7f000000000000000000000000000000000000000000000000000000000000000042612d77565b60038201805477ffffffffffffffff0000000000000000ffffffffffffffff16600160401b67ffffffffffffffff9384160277ffffffffffffffffffffffffffffffffffffffffffffffff1617600160c01b43841602179055600482018990556040848101516005840155600183015481518c81528a841660208201526001600160601b03881692810192909252600160a01b90049091166060820152889033908c907ff8b46312126c77da48db0e6e177a778b7303ebc93d5412adb6adaeecad880cd59060800160405180910390a45050509695505050505050565b61214a8484848460016124f5565b611b9357604051635274afe760e01b81526001600160a01b0385166004820152602401610a26565b5f5460ff166106e057604051638dfc202b60e01b815260040160405180910390fd5b7f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f005c156106e057604051633ee5aeb560e01b815260040160405180910390fd5b80825d5050565b5f80807f7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a084111561221457505f91506003905082612299565b604080515f808252602082018084528a905260ff891692820192909252606081018790526080810186905260019060a0016020604051602081039080840390855afa158015612265573d5f5f3e3d5ffd5b5050604051601f1901519150506001600160a01b03811661229057505f925060019150829050612299565b92505f91508190505b9450945094915050565b6001600160a01b0382165f90815260076020526040812080548392906122ca908490612f47565b925050819055508060085f8282546122e29190612f47565b90915550505050565b5f80546001600160a01b038381166101008181027fffffffffffffffffffffff0000000000000000000000000000000000000000ff851617855560405193049190911692909183917f8be0079c531659141344cd1fd0a4f28419497f9722a3daafe3b4186f6b6457e091a35050565b60605f61236683612562565b6040805160208082528183019092529192505f91906020820181803683375050509182525060208101929092525090565b5f306001600160a01b037f0000000000000000000000000000000000000000000000000000000000000000161480156123ef57507f000000000000000000000000000000000000000000000000000000000000000046145b1561241957507f000000000000000000000000000000000000000000000000000000000000000090565b611cc5604080517f8b73c3c69bb8fe3d512ecc4cf759cc79239f7b179b0ffacaa9a75d522b39400f60208201527f0000000000000000000000000000000000000000000000000000000000000000918101919091527f000000000000000000000000000000000000000000000000000000000000000060608201524660808201523060a08201525f9060c00160405160208183030381529060405280519060200120905090565b6124cd8383836001612589565b6109a557604051635274afe760e01b81526001600160a01b0384166004820152602401610a26565b6040516323b872dd60e01b5f8181526001600160a01b038781166004528616602452604485905291602083606481808c5af1925060015f51148316612551578383151615612545573d5f823e3d81fd5b5f883b113d1516831692505b604052505f60605295945050505050565b5f60ff8216601f811115610d8757604051632cd44ac360e21b815260040160405180910390fd5b60405163a9059cbb60e01b5f8181526001600160a01b038616600452602485905291602083604481808b5af1925060015f511483166125df5783831516156125d3573d5f823e3d81fd5b5f873b113d1516831692505b60405250949350505050565b5f5f83601f8401126125fb575f5ffd5b50813567ffffffffffffffff811115612612575f5ffd5b6020830191508360208260051b850101111561262c575f5ffd5b9250929050565b67ffffffffffffffff81168114610b84575f5ffd5b6001600160601b0381168114610b84575f5ffd5b5f5f5f5f5f5f5f5f888a03610120811215612675575f5ffd5b8935985060208a013567ffffffffffffffff811115612692575f5ffd5b61269e8c828d016125eb565b90995097505060408a013567ffffffffffffffff8111156126bd575f5ffd5b6126c98c828d016125eb565b90975095505060608a01356126dd81612633565b935060808a01356126ed81612648565b92506080609f1982011215612700575f5ffd5b5060a0890190509295985092959890939650565b602080825282518282018190525f918401906040840190835b8181101561274b57835183526020938401939092019160010161272d565b509095945050505050565b6001600160a01b0381168114610b84575f5ffd5b5f5f6040838503121561277b575f5ffd5b82359150602083013561278d81612756565b809150509250929050565b5f6101c082840312156127a9575f5ffd5b50919050565b5f5f5f604084860312156127c1575f5ffd5b833567ffffffffffffffff8111156127d7575f5ffd5b6127e386828701612798565b935050602084013567ffffffffffffffff8111156127ff575f5ffd5b8401601f8101861361280f575f5ffd5b803567ffffffffffffffff811115612825575f5ffd5b866020828401011115612836575f5ffd5b939660209190910195509293505050565b5f60208284031215612857575f5ffd5b5035919050565b5f81518084528060208401602086015e5f602082860101526020601f19601f83011685010191505092915050565b60ff60f81b8816815260e060208201525f6128aa60e083018961285e565b82810360408401526128bc818961285e565b606084018890526001600160a01b038716608085015260a0840186905283810360c0850152845180825260208087019350909101905f5b818110156129115783518352602093840193909201916001016128f3565b50909b9a5050505050505050505050565b5f5f5f5f60608587031215612935575f5ffd5b843567ffffffffffffffff81111561294b575f5ffd5b612957878288016125eb565b909550935050602085013561296b81612756565b9150604085013561297b81612633565b939692955090935050565b5f5f5f60608486031215612998575f5ffd5b83356129a381612756565b95602085013595506040909401359392505050565b5f5f604083850312156129c9575f5ffd5b82356129d481612756565b946020939093013593505050565b634e487b7160e01b5f52602160045260245ffd5b60058110610b8457634e487b7160e01b5f52602160045260245ffd5b612a1b816129f6565b9052565b84516001600160a01b0316815261020081016020860151612a4b60208401826001600160601b03169052565b506040860151612a6660408401826001600160a01b03169052565b506060860151612a82606084018267ffffffffffffffff169052565b506080860151612a956080840182612a12565b5060a0860151612ab060a08401826001600160a01b03169052565b5060c0860151612acc60c084018267ffffffffffffffff169052565b5060e0860151612ae860e084018267ffffffffffffffff169052565b50610100860151612b0661010084018267ffffffffffffffff169052565b50610120860151612b2461012084018267ffffffffffffffff169052565b50610140860151612b4261014084018267ffffffffffffffff169052565b50610160860151610160830152610180860151610180830152612b6b6101a083018660ff169052565b6101c08201939093526101e0015292915050565b5f60208284031215612b8f575f5ffd5b8135612b9a81612756565b9392505050565b5f60208284031215612bb1575f5ffd5b813567ffffffffffffffff811115612bc7575f5ffd5b6111c984828501612798565b5f5f60208385031215612be4575f5ffd5b823567ffffffffffffffff811115612bfa575f5ffd5b612c06858286016125eb565b90969095509350505050565b5f5f5f5f5f5f5f60a0888a031215612c28575f5ffd5b87359650602088013567ffffffffffffffff811115612c45575f5ffd5b612c518a828b016125eb565b909750955050604088013567ffffffffffffffff811115612c70575f5ffd5b612c7c8a828b016125eb565b9095509350506060880135612c9081612633565b91506080880135612ca081612648565b8091505092959891949750929550565b60ff81168114610b84575f5ffd5b5f60208284031215612cce575f5ffd5b8135612b9a81612cb0565b5f5f8335601e19843603018112612cee575f5ffd5b83018035915067ffffffffffffffff821115612d08575f5ffd5b6020019150600581901b360382131561262c575f5ffd5b634e487b7160e01b5f52603260045260245ffd5b60208101612d40836129f6565b91905290565b82815260408101612d56836129f6565b8260208301529392505050565b634e487b7160e01b5f52601160045260245ffd5b67ffffffffffffffff8181168382160190811115610d8757610d87612d63565b634e487b7160e01b5f52604160045260245ffd5b8051612db681612648565b919050565b8051612db681612633565b8051612db681612cb0565b80518015158114612db6575f5ffd5b8051612db681612756565b5f5f828403610100811215612dfe575f5ffd5b60e0811215612e0b575f5ffd5b5060405160e0810181811067ffffffffffffffff82111715612e3b57634e487b7160e01b5f52604160045260245ffd5b604090815284518252602080860151908301528481015190820152612e6260608501612dab565b6060820152612e7360808501612dbb565b6080820152612e8460a08501612dc6565b60a0820152612e9560c08501612dd1565b60c08201529150612ea860e08401612de0565b90509250929050565b5f60208284031215612ec1575f5ffd5b8135612b9a81612633565b5f60208284031215612edc575f5ffd5b813563ffffffff81168114612b9a575f5ffd5b5f7f07ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff831115612f1c575f5ffd5b8260051b80858437919091019392505050565b5f60018201612f4057612f40612d63565b5060010190565b81810381811115610d8757610d87612d63565b80820180821115610d8757610d87612d63565b8082028115828204841417610d8757610d87612d6356",
}

// Market is an auto generated Go binding around an Ethereum contract.
type Market struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *Market) GetABI() abi.ABI {
	return c.abi
}

// NewMarket creates a new instance of Market.
func NewMarket() *Market {
	parsed, err := MarketMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &Market{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *Market) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address owner_, address credits_, address assets_, address payroll_, uint64 refundWindow_, uint64 refundDelay_) returns()
func (market *Market) PackConstructor(owner_ common.Address, credits_ common.Address, assets_ common.Address, payroll_ common.Address, refundWindow_ uint64, refundDelay_ uint64) []byte {
	enc, err := market.abi.Pack("", owner_, credits_, assets_, payroll_, refundWindow_, refundDelay_)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackJOBTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x94436270.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function JOB_TYPEHASH() view returns(bytes32)
func (market *Market) PackJOBTYPEHASH() []byte {
	enc, err := market.abi.Pack("JOB_TYPEHASH")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackJOBTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x94436270.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function JOB_TYPEHASH() view returns(bytes32)
func (market *Market) TryPackJOBTYPEHASH() ([]byte, error) {
	return market.abi.Pack("JOB_TYPEHASH")
}

// UnpackJOBTYPEHASH is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x94436270.
//
// Solidity: function JOB_TYPEHASH() view returns(bytes32)
func (market *Market) UnpackJOBTYPEHASH(data []byte) ([32]byte, error) {
	out, err := market.abi.Unpack("JOB_TYPEHASH", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackLIMITSTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x34c6aa23.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function LIMITS_TYPEHASH() view returns(bytes32)
func (market *Market) PackLIMITSTYPEHASH() []byte {
	enc, err := market.abi.Pack("LIMITS_TYPEHASH")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackLIMITSTYPEHASH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x34c6aa23.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function LIMITS_TYPEHASH() view returns(bytes32)
func (market *Market) TryPackLIMITSTYPEHASH() ([]byte, error) {
	return market.abi.Pack("LIMITS_TYPEHASH")
}

// UnpackLIMITSTYPEHASH is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x34c6aa23.
//
// Solidity: function LIMITS_TYPEHASH() view returns(bytes32)
func (market *Market) UnpackLIMITSTYPEHASH(data []byte) ([32]byte, error) {
	out, err := market.abi.Unpack("LIMITS_TYPEHASH", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackMAXBATCH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x950bff9f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_BATCH() view returns(uint256)
func (market *Market) PackMAXBATCH() []byte {
	enc, err := market.abi.Pack("MAX_BATCH")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXBATCH is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x950bff9f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_BATCH() view returns(uint256)
func (market *Market) TryPackMAXBATCH() ([]byte, error) {
	return market.abi.Pack("MAX_BATCH")
}

// UnpackMAXBATCH is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x950bff9f.
//
// Solidity: function MAX_BATCH() view returns(uint256)
func (market *Market) UnpackMAXBATCH(data []byte) (*big.Int, error) {
	out, err := market.abi.Unpack("MAX_BATCH", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackMAXBUNDLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2899672f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_BUNDLE() view returns(uint256)
func (market *Market) PackMAXBUNDLE() []byte {
	enc, err := market.abi.Pack("MAX_BUNDLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXBUNDLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x2899672f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_BUNDLE() view returns(uint256)
func (market *Market) TryPackMAXBUNDLE() ([]byte, error) {
	return market.abi.Pack("MAX_BUNDLE")
}

// UnpackMAXBUNDLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x2899672f.
//
// Solidity: function MAX_BUNDLE() view returns(uint256)
func (market *Market) UnpackMAXBUNDLE(data []byte) (*big.Int, error) {
	out, err := market.abi.Unpack("MAX_BUNDLE", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackMAXTTL is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe01b402d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_TTL() view returns(uint64)
func (market *Market) PackMAXTTL() []byte {
	enc, err := market.abi.Pack("MAX_TTL")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXTTL is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe01b402d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_TTL() view returns(uint64)
func (market *Market) TryPackMAXTTL() ([]byte, error) {
	return market.abi.Pack("MAX_TTL")
}

// UnpackMAXTTL is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe01b402d.
//
// Solidity: function MAX_TTL() view returns(uint64)
func (market *Market) UnpackMAXTTL(data []byte) (uint64, error) {
	out, err := market.abi.Unpack("MAX_TTL", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackAcceptOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x79ba5097.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function acceptOwnership() returns()
func (market *Market) PackAcceptOwnership() []byte {
	enc, err := market.abi.Pack("acceptOwnership")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAcceptOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x79ba5097.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function acceptOwnership() returns()
func (market *Market) TryPackAcceptOwnership() ([]byte, error) {
	return market.abi.Pack("acceptOwnership")
}

// PackAssets is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x71a97305.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function assets() view returns(address)
func (market *Market) PackAssets() []byte {
	enc, err := market.abi.Pack("assets")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackAssets is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x71a97305.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function assets() view returns(address)
func (market *Market) TryPackAssets() ([]byte, error) {
	return market.abi.Pack("assets")
}

// UnpackAssets is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x71a97305.
//
// Solidity: function assets() view returns(address)
func (market *Market) UnpackAssets(data []byte) (common.Address, error) {
	out, err := market.abi.Unpack("assets", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackBundle is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf4921d35.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function bundle(address buyer, bytes32 ref) view returns(bytes32[] receipts)
func (market *Market) PackBundle(buyer common.Address, ref [32]byte) []byte {
	enc, err := market.abi.Pack("bundle", buyer, ref)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBundle is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf4921d35.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function bundle(address buyer, bytes32 ref) view returns(bytes32[] receipts)
func (market *Market) TryPackBundle(buyer common.Address, ref [32]byte) ([]byte, error) {
	return market.abi.Pack("bundle", buyer, ref)
}

// UnpackBundle is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xf4921d35.
//
// Solidity: function bundle(address buyer, bytes32 ref) view returns(bytes32[] receipts)
func (market *Market) UnpackBundle(data []byte) ([][32]byte, error) {
	out, err := market.abi.Unpack("bundle", data)
	if err != nil {
		return *new([][32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([][32]byte)).(*[][32]byte)
	return out0, nil
}

// PackBundleAt is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcbbeceb2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function bundleAt(address buyer, uint256 index) view returns(bytes32)
func (market *Market) PackBundleAt(buyer common.Address, index *big.Int) []byte {
	enc, err := market.abi.Pack("bundleAt", buyer, index)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBundleAt is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcbbeceb2.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function bundleAt(address buyer, uint256 index) view returns(bytes32)
func (market *Market) TryPackBundleAt(buyer common.Address, index *big.Int) ([]byte, error) {
	return market.abi.Pack("bundleAt", buyer, index)
}

// UnpackBundleAt is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xcbbeceb2.
//
// Solidity: function bundleAt(address buyer, uint256 index) view returns(bytes32)
func (market *Market) UnpackBundleAt(data []byte) ([32]byte, error) {
	out, err := market.abi.Unpack("bundleAt", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackBundles is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xec2f481d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function bundles(address buyer) view returns(uint256)
func (market *Market) PackBundles(buyer common.Address) []byte {
	enc, err := market.abi.Pack("bundles", buyer)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBundles is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xec2f481d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function bundles(address buyer) view returns(uint256)
func (market *Market) TryPackBundles(buyer common.Address) ([]byte, error) {
	return market.abi.Pack("bundles", buyer)
}

// UnpackBundles is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xec2f481d.
//
// Solidity: function bundles(address buyer) view returns(uint256)
func (market *Market) UnpackBundles(data []byte) (*big.Int, error) {
	out, err := market.abi.Unpack("bundles", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackBuyBundle is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe9cd4080.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function buyBundle(bytes32 ref, uint256[] ids, uint64[] units, uint64 ttl, uint96 maxPaid) returns(bytes32[])
func (market *Market) PackBuyBundle(ref [32]byte, ids []*big.Int, units []uint64, ttl uint64, maxPaid *big.Int) []byte {
	enc, err := market.abi.Pack("buyBundle", ref, ids, units, ttl, maxPaid)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBuyBundle is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe9cd4080.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function buyBundle(bytes32 ref, uint256[] ids, uint64[] units, uint64 ttl, uint96 maxPaid) returns(bytes32[])
func (market *Market) TryPackBuyBundle(ref [32]byte, ids []*big.Int, units []uint64, ttl uint64, maxPaid *big.Int) ([]byte, error) {
	return market.abi.Pack("buyBundle", ref, ids, units, ttl, maxPaid)
}

// UnpackBuyBundle is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe9cd4080.
//
// Solidity: function buyBundle(bytes32 ref, uint256[] ids, uint64[] units, uint64 ttl, uint96 maxPaid) returns(bytes32[])
func (market *Market) UnpackBuyBundle(data []byte) ([][32]byte, error) {
	out, err := market.abi.Unpack("buyBundle", data)
	if err != nil {
		return *new([][32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([][32]byte)).(*[][32]byte)
	return out0, nil
}

// PackBuyBundleWithPermit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x167bd8b3.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function buyBundleWithPermit(bytes32 ref, uint256[] ids, uint64[] units, uint64 ttl, uint96 maxPaid, (uint256,uint8,bytes32,bytes32) p) returns(bytes32[])
func (market *Market) PackBuyBundleWithPermit(ref [32]byte, ids []*big.Int, units []uint64, ttl uint64, maxPaid *big.Int, p MarketPermit) []byte {
	enc, err := market.abi.Pack("buyBundleWithPermit", ref, ids, units, ttl, maxPaid, p)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackBuyBundleWithPermit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x167bd8b3.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function buyBundleWithPermit(bytes32 ref, uint256[] ids, uint64[] units, uint64 ttl, uint96 maxPaid, (uint256,uint8,bytes32,bytes32) p) returns(bytes32[])
func (market *Market) TryPackBuyBundleWithPermit(ref [32]byte, ids []*big.Int, units []uint64, ttl uint64, maxPaid *big.Int, p MarketPermit) ([]byte, error) {
	return market.abi.Pack("buyBundleWithPermit", ref, ids, units, ttl, maxPaid, p)
}

// UnpackBuyBundleWithPermit is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x167bd8b3.
//
// Solidity: function buyBundleWithPermit(bytes32 ref, uint256[] ids, uint64[] units, uint64 ttl, uint96 maxPaid, (uint256,uint8,bytes32,bytes32) p) returns(bytes32[])
func (market *Market) UnpackBuyBundleWithPermit(data []byte) ([][32]byte, error) {
	out, err := market.abi.Unpack("buyBundleWithPermit", data)
	if err != nil {
		return *new([][32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([][32]byte)).(*[][32]byte)
	return out0, nil
}

// PackCredits is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x26540fd2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function credits() view returns(address)
func (market *Market) PackCredits() []byte {
	enc, err := market.abi.Pack("credits")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackCredits is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x26540fd2.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function credits() view returns(address)
func (market *Market) TryPackCredits() ([]byte, error) {
	return market.abi.Pack("credits")
}

// UnpackCredits is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x26540fd2.
//
// Solidity: function credits() view returns(address)
func (market *Market) UnpackCredits(data []byte) (common.Address, error) {
	out, err := market.abi.Unpack("credits", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackDelegate is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x894f48ac.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function delegate(bytes32[] receipts, address key, uint64 until) returns()
func (market *Market) PackDelegate(receipts [][32]byte, key common.Address, until uint64) []byte {
	enc, err := market.abi.Pack("delegate", receipts, key, until)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackDelegate is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x894f48ac.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function delegate(bytes32[] receipts, address key, uint64 until) returns()
func (market *Market) TryPackDelegate(receipts [][32]byte, key common.Address, until uint64) ([]byte, error) {
	return market.abi.Pack("delegate", receipts, key, until)
}

// PackEip712Domain is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x84b0196e.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function eip712Domain() view returns(bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)
func (market *Market) PackEip712Domain() []byte {
	enc, err := market.abi.Pack("eip712Domain")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackEip712Domain is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x84b0196e.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function eip712Domain() view returns(bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)
func (market *Market) TryPackEip712Domain() ([]byte, error) {
	return market.abi.Pack("eip712Domain")
}

// Eip712DomainOutput serves as a container for the return parameters of contract
// method Eip712Domain.
type Eip712DomainOutput struct {
	Fields            [1]byte
	Name              string
	Version           string
	ChainId           *big.Int
	VerifyingContract common.Address
	Salt              [32]byte
	Extensions        []*big.Int
}

// UnpackEip712Domain is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x84b0196e.
//
// Solidity: function eip712Domain() view returns(bytes1 fields, string name, string version, uint256 chainId, address verifyingContract, bytes32 salt, uint256[] extensions)
func (market *Market) UnpackEip712Domain(data []byte) (Eip712DomainOutput, error) {
	out, err := market.abi.Unpack("eip712Domain", data)
	outstruct := new(Eip712DomainOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.Fields = *abi.ConvertType(out[0], new([1]byte)).(*[1]byte)
	outstruct.Name = *abi.ConvertType(out[1], new(string)).(*string)
	outstruct.Version = *abi.ConvertType(out[2], new(string)).(*string)
	outstruct.ChainId = abi.ConvertType(out[3], new(big.Int)).(*big.Int)
	outstruct.VerifyingContract = *abi.ConvertType(out[4], new(common.Address)).(*common.Address)
	outstruct.Salt = *abi.ConvertType(out[5], new([32]byte)).(*[32]byte)
	outstruct.Extensions = *abi.ConvertType(out[6], new([]*big.Int)).(*[]*big.Int)
	return *outstruct, nil
}

// PackEscrowOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe038c3da.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function escrowOf(address buyer) view returns(uint256)
func (market *Market) PackEscrowOf(buyer common.Address) []byte {
	enc, err := market.abi.Pack("escrowOf", buyer)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackEscrowOf is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe038c3da.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function escrowOf(address buyer) view returns(uint256)
func (market *Market) TryPackEscrowOf(buyer common.Address) ([]byte, error) {
	return market.abi.Pack("escrowOf", buyer)
}

// UnpackEscrowOf is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe038c3da.
//
// Solidity: function escrowOf(address buyer) view returns(uint256)
func (market *Market) UnpackEscrowOf(data []byte) (*big.Int, error) {
	out, err := market.abi.Unpack("escrowOf", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackEverDelegate is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1ed297cd.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function everDelegate(bytes32 id, address key) view returns(bool)
func (market *Market) PackEverDelegate(id [32]byte, key common.Address) []byte {
	enc, err := market.abi.Pack("everDelegate", id, key)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackEverDelegate is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x1ed297cd.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function everDelegate(bytes32 id, address key) view returns(bool)
func (market *Market) TryPackEverDelegate(id [32]byte, key common.Address) ([]byte, error) {
	return market.abi.Pack("everDelegate", id, key)
}

// UnpackEverDelegate is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x1ed297cd.
//
// Solidity: function everDelegate(bytes32 id, address key) view returns(bool)
func (market *Market) UnpackEverDelegate(data []byte) (bool, error) {
	out, err := market.abi.Unpack("everDelegate", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackJobDigest is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe0bb2781.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function jobDigest((bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32[],uint64,(uint64,uint32,uint32,uint32,uint32,uint64)) job) view returns(bytes32)
func (market *Market) PackJobDigest(job MarketJobRequest) []byte {
	enc, err := market.abi.Pack("jobDigest", job)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackJobDigest is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe0bb2781.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function jobDigest((bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32[],uint64,(uint64,uint32,uint32,uint32,uint32,uint64)) job) view returns(bytes32)
func (market *Market) TryPackJobDigest(job MarketJobRequest) ([]byte, error) {
	return market.abi.Pack("jobDigest", job)
}

// UnpackJobDigest is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe0bb2781.
//
// Solidity: function jobDigest((bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32[],uint64,(uint64,uint32,uint32,uint32,uint32,uint64)) job) view returns(bytes32)
func (market *Market) UnpackJobDigest(data []byte) ([32]byte, error) {
	out, err := market.abi.Unpack("jobDigest", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8da5cb5b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function owner() view returns(address)
func (market *Market) PackOwner() []byte {
	enc, err := market.abi.Pack("owner")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8da5cb5b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function owner() view returns(address)
func (market *Market) TryPackOwner() ([]byte, error) {
	return market.abi.Pack("owner")
}

// UnpackOwner is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x8da5cb5b.
//
// Solidity: function owner() view returns(address)
func (market *Market) UnpackOwner(data []byte) (common.Address, error) {
	out, err := market.abi.Unpack("owner", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackPause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8456cb59.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function pause() returns()
func (market *Market) PackPause() []byte {
	enc, err := market.abi.Pack("pause")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x8456cb59.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function pause() returns()
func (market *Market) TryPackPause() ([]byte, error) {
	return market.abi.Pack("pause")
}

// PackPaused is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5c975abb.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function paused() view returns(bool)
func (market *Market) PackPaused() []byte {
	enc, err := market.abi.Pack("paused")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPaused is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5c975abb.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function paused() view returns(bool)
func (market *Market) TryPackPaused() ([]byte, error) {
	return market.abi.Pack("paused")
}

// UnpackPaused is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x5c975abb.
//
// Solidity: function paused() view returns(bool)
func (market *Market) UnpackPaused(data []byte) (bool, error) {
	out, err := market.abi.Unpack("paused", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackPayroll is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x562a5d06.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function payroll() view returns(address)
func (market *Market) PackPayroll() []byte {
	enc, err := market.abi.Pack("payroll")
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
func (market *Market) TryPackPayroll() ([]byte, error) {
	return market.abi.Pack("payroll")
}

// UnpackPayroll is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x562a5d06.
//
// Solidity: function payroll() view returns(address)
func (market *Market) UnpackPayroll(data []byte) (common.Address, error) {
	out, err := market.abi.Unpack("payroll", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackPendingOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe30c3978.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function pendingOwner() view returns(address)
func (market *Market) PackPendingOwner() []byte {
	enc, err := market.abi.Pack("pendingOwner")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPendingOwner is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe30c3978.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function pendingOwner() view returns(address)
func (market *Market) TryPackPendingOwner() ([]byte, error) {
	return market.abi.Pack("pendingOwner")
}

// UnpackPendingOwner is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe30c3978.
//
// Solidity: function pendingOwner() view returns(address)
func (market *Market) UnpackPendingOwner(data []byte) (common.Address, error) {
	out, err := market.abi.Unpack("pendingOwner", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackPurchase is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcc445611.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function purchase(bytes32 id) view returns((address,uint96,address,uint64,uint8,address,uint64,uint64,uint64,uint64,uint64,uint256,bytes32) r, uint8 kind, bytes32 content, bytes32 policy)
func (market *Market) PackPurchase(id [32]byte) []byte {
	enc, err := market.abi.Pack("purchase", id)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPurchase is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xcc445611.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function purchase(bytes32 id) view returns((address,uint96,address,uint64,uint8,address,uint64,uint64,uint64,uint64,uint64,uint256,bytes32) r, uint8 kind, bytes32 content, bytes32 policy)
func (market *Market) TryPackPurchase(id [32]byte) ([]byte, error) {
	return market.abi.Pack("purchase", id)
}

// PurchaseOutput serves as a container for the return parameters of contract
// method Purchase.
type PurchaseOutput struct {
	R       MarketReceipt
	Kind    uint8
	Content [32]byte
	Policy  [32]byte
}

// UnpackPurchase is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xcc445611.
//
// Solidity: function purchase(bytes32 id) view returns((address,uint96,address,uint64,uint8,address,uint64,uint64,uint64,uint64,uint64,uint256,bytes32) r, uint8 kind, bytes32 content, bytes32 policy)
func (market *Market) UnpackPurchase(data []byte) (PurchaseOutput, error) {
	out, err := market.abi.Unpack("purchase", data)
	outstruct := new(PurchaseOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.R = *abi.ConvertType(out[0], new(MarketReceipt)).(*MarketReceipt)
	outstruct.Kind = *abi.ConvertType(out[1], new(uint8)).(*uint8)
	outstruct.Content = *abi.ConvertType(out[2], new([32]byte)).(*[32]byte)
	outstruct.Policy = *abi.ConvertType(out[3], new([32]byte)).(*[32]byte)
	return *outstruct, nil
}

// PackReceiptFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc4b43ee6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function receiptFor(address buyer, bytes32 ref, uint256 index) pure returns(bytes32)
func (market *Market) PackReceiptFor(buyer common.Address, ref [32]byte, index *big.Int) []byte {
	enc, err := market.abi.Pack("receiptFor", buyer, ref, index)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackReceiptFor is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xc4b43ee6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function receiptFor(address buyer, bytes32 ref, uint256 index) pure returns(bytes32)
func (market *Market) TryPackReceiptFor(buyer common.Address, ref [32]byte, index *big.Int) ([]byte, error) {
	return market.abi.Pack("receiptFor", buyer, ref, index)
}

// UnpackReceiptFor is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xc4b43ee6.
//
// Solidity: function receiptFor(address buyer, bytes32 ref, uint256 index) pure returns(bytes32)
func (market *Market) UnpackReceiptFor(data []byte) ([32]byte, error) {
	out, err := market.abi.Unpack("receiptFor", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackRefund is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7249fbb6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function refund(bytes32 id) returns()
func (market *Market) PackRefund(id [32]byte) []byte {
	enc, err := market.abi.Pack("refund", id)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRefund is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x7249fbb6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function refund(bytes32 id) returns()
func (market *Market) TryPackRefund(id [32]byte) ([]byte, error) {
	return market.abi.Pack("refund", id)
}

// PackRefundDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3e602b4c.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function refundDelay() view returns(uint64)
func (market *Market) PackRefundDelay() []byte {
	enc, err := market.abi.Pack("refundDelay")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRefundDelay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3e602b4c.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function refundDelay() view returns(uint64)
func (market *Market) TryPackRefundDelay() ([]byte, error) {
	return market.abi.Pack("refundDelay")
}

// UnpackRefundDelay is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x3e602b4c.
//
// Solidity: function refundDelay() view returns(uint64)
func (market *Market) UnpackRefundDelay(data []byte) (uint64, error) {
	out, err := market.abi.Unpack("refundDelay", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackRefundWindow is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x73643527.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function refundWindow() view returns(uint64)
func (market *Market) PackRefundWindow() []byte {
	enc, err := market.abi.Pack("refundWindow")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRefundWindow is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x73643527.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function refundWindow() view returns(uint64)
func (market *Market) TryPackRefundWindow() ([]byte, error) {
	return market.abi.Pack("refundWindow")
}

// UnpackRefundWindow is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x73643527.
//
// Solidity: function refundWindow() view returns(uint64)
func (market *Market) UnpackRefundWindow(data []byte) (uint64, error) {
	out, err := market.abi.Unpack("refundWindow", data)
	if err != nil {
		return *new(uint64), err
	}
	out0 := *abi.ConvertType(out[0], new(uint64)).(*uint64)
	return out0, nil
}

// PackRenounceOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x715018a6.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function renounceOwnership() returns()
func (market *Market) PackRenounceOwnership() []byte {
	enc, err := market.abi.Pack("renounceOwnership")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRenounceOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x715018a6.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function renounceOwnership() returns()
func (market *Market) TryPackRenounceOwnership() ([]byte, error) {
	return market.abi.Pack("renounceOwnership")
}

// PackSettle is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe7f921a2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function settle(bytes32[] ids) returns()
func (market *Market) PackSettle(ids [][32]byte) []byte {
	enc, err := market.abi.Pack("settle", ids)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSettle is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe7f921a2.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function settle(bytes32[] ids) returns()
func (market *Market) TryPackSettle(ids [][32]byte) ([]byte, error) {
	return market.abi.Pack("settle", ids)
}

// PackSettleJob is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3fcb3464.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function settleJob((bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32[],uint64,(uint64,uint32,uint32,uint32,uint32,uint64)) job, bytes signature) returns()
func (market *Market) PackSettleJob(job MarketJobRequest, signature []byte) []byte {
	enc, err := market.abi.Pack("settleJob", job, signature)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSettleJob is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3fcb3464.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function settleJob((bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32[],uint64,(uint64,uint32,uint32,uint32,uint32,uint64)) job, bytes signature) returns()
func (market *Market) TryPackSettleJob(job MarketJobRequest, signature []byte) ([]byte, error) {
	return market.abi.Pack("settleJob", job, signature)
}

// PackTotalEscrow is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa3d89844.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function totalEscrow() view returns(uint256)
func (market *Market) PackTotalEscrow() []byte {
	enc, err := market.abi.Pack("totalEscrow")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTotalEscrow is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xa3d89844.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function totalEscrow() view returns(uint256)
func (market *Market) TryPackTotalEscrow() ([]byte, error) {
	return market.abi.Pack("totalEscrow")
}

// UnpackTotalEscrow is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xa3d89844.
//
// Solidity: function totalEscrow() view returns(uint256)
func (market *Market) UnpackTotalEscrow(data []byte) (*big.Int, error) {
	out, err := market.abi.Unpack("totalEscrow", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackTransferOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf2fde38b.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function transferOwnership(address newOwner) returns()
func (market *Market) PackTransferOwnership(newOwner common.Address) []byte {
	enc, err := market.abi.Pack("transferOwnership", newOwner)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTransferOwnership is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xf2fde38b.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function transferOwnership(address newOwner) returns()
func (market *Market) TryPackTransferOwnership(newOwner common.Address) ([]byte, error) {
	return market.abi.Pack("transferOwnership", newOwner)
}

// PackUnpause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3f4ba83a.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function unpause() returns()
func (market *Market) PackUnpause() []byte {
	enc, err := market.abi.Pack("unpause")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackUnpause is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x3f4ba83a.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function unpause() returns()
func (market *Market) TryPackUnpause() ([]byte, error) {
	return market.abi.Pack("unpause")
}

// MarketDelegated represents a Delegated event raised by the Market contract.
type MarketDelegated struct {
	Receipt [32]byte
	Key     common.Address
	Until   uint64
	Raw     *types.Log // Blockchain specific contextual infos
}

const MarketDelegatedEventName = "Delegated"

// ContractEventName returns the user-defined event name.
func (MarketDelegated) ContractEventName() string {
	return MarketDelegatedEventName
}

// UnpackDelegatedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Delegated(bytes32 indexed receipt, address indexed key, uint64 until)
func (market *Market) UnpackDelegatedEvent(log *types.Log) (*MarketDelegated, error) {
	event := "Delegated"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != market.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(MarketDelegated)
	if len(log.Data) > 0 {
		if err := market.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range market.abi.Events[event].Inputs {
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

// MarketEIP712DomainChanged represents a EIP712DomainChanged event raised by the Market contract.
type MarketEIP712DomainChanged struct {
	Raw *types.Log // Blockchain specific contextual infos
}

const MarketEIP712DomainChangedEventName = "EIP712DomainChanged"

// ContractEventName returns the user-defined event name.
func (MarketEIP712DomainChanged) ContractEventName() string {
	return MarketEIP712DomainChangedEventName
}

// UnpackEIP712DomainChangedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event EIP712DomainChanged()
func (market *Market) UnpackEIP712DomainChangedEvent(log *types.Log) (*MarketEIP712DomainChanged, error) {
	event := "EIP712DomainChanged"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != market.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(MarketEIP712DomainChanged)
	if len(log.Data) > 0 {
		if err := market.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range market.abi.Events[event].Inputs {
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

// MarketOwnershipTransferStarted represents a OwnershipTransferStarted event raised by the Market contract.
type MarketOwnershipTransferStarted struct {
	PreviousOwner common.Address
	NewOwner      common.Address
	Raw           *types.Log // Blockchain specific contextual infos
}

const MarketOwnershipTransferStartedEventName = "OwnershipTransferStarted"

// ContractEventName returns the user-defined event name.
func (MarketOwnershipTransferStarted) ContractEventName() string {
	return MarketOwnershipTransferStartedEventName
}

// UnpackOwnershipTransferStartedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner)
func (market *Market) UnpackOwnershipTransferStartedEvent(log *types.Log) (*MarketOwnershipTransferStarted, error) {
	event := "OwnershipTransferStarted"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != market.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(MarketOwnershipTransferStarted)
	if len(log.Data) > 0 {
		if err := market.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range market.abi.Events[event].Inputs {
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

// MarketOwnershipTransferred represents a OwnershipTransferred event raised by the Market contract.
type MarketOwnershipTransferred struct {
	PreviousOwner common.Address
	NewOwner      common.Address
	Raw           *types.Log // Blockchain specific contextual infos
}

const MarketOwnershipTransferredEventName = "OwnershipTransferred"

// ContractEventName returns the user-defined event name.
func (MarketOwnershipTransferred) ContractEventName() string {
	return MarketOwnershipTransferredEventName
}

// UnpackOwnershipTransferredEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event OwnershipTransferred(address indexed previousOwner, address indexed newOwner)
func (market *Market) UnpackOwnershipTransferredEvent(log *types.Log) (*MarketOwnershipTransferred, error) {
	event := "OwnershipTransferred"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != market.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(MarketOwnershipTransferred)
	if len(log.Data) > 0 {
		if err := market.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range market.abi.Events[event].Inputs {
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

// MarketPaused represents a Paused event raised by the Market contract.
type MarketPaused struct {
	Account common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const MarketPausedEventName = "Paused"

// ContractEventName returns the user-defined event name.
func (MarketPaused) ContractEventName() string {
	return MarketPausedEventName
}

// UnpackPausedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Paused(address account)
func (market *Market) UnpackPausedEvent(log *types.Log) (*MarketPaused, error) {
	event := "Paused"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != market.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(MarketPaused)
	if len(log.Data) > 0 {
		if err := market.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range market.abi.Events[event].Inputs {
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

// MarketPurchased represents a Purchased event raised by the Market contract.
type MarketPurchased struct {
	Receipt [32]byte
	Buyer   common.Address
	Asset   *big.Int
	Ref     [32]byte
	Units   uint64
	Paid    *big.Int
	Expiry  uint64
	Raw     *types.Log // Blockchain specific contextual infos
}

const MarketPurchasedEventName = "Purchased"

// ContractEventName returns the user-defined event name.
func (MarketPurchased) ContractEventName() string {
	return MarketPurchasedEventName
}

// UnpackPurchasedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Purchased(bytes32 indexed receipt, address indexed buyer, uint256 indexed asset, bytes32 ref, uint64 units, uint96 paid, uint64 expiry)
func (market *Market) UnpackPurchasedEvent(log *types.Log) (*MarketPurchased, error) {
	event := "Purchased"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != market.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(MarketPurchased)
	if len(log.Data) > 0 {
		if err := market.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range market.abi.Events[event].Inputs {
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

// MarketRefundRequested represents a RefundRequested event raised by the Market contract.
type MarketRefundRequested struct {
	Receipt [32]byte
	Due     uint64
	Raw     *types.Log // Blockchain specific contextual infos
}

const MarketRefundRequestedEventName = "RefundRequested"

// ContractEventName returns the user-defined event name.
func (MarketRefundRequested) ContractEventName() string {
	return MarketRefundRequestedEventName
}

// UnpackRefundRequestedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event RefundRequested(bytes32 indexed receipt, uint64 due)
func (market *Market) UnpackRefundRequestedEvent(log *types.Log) (*MarketRefundRequested, error) {
	event := "RefundRequested"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != market.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(MarketRefundRequested)
	if len(log.Data) > 0 {
		if err := market.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range market.abi.Events[event].Inputs {
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

// MarketRefunded represents a Refunded event raised by the Market contract.
type MarketRefunded struct {
	Receipt [32]byte
	Buyer   common.Address
	Amount  *big.Int
	Raw     *types.Log // Blockchain specific contextual infos
}

const MarketRefundedEventName = "Refunded"

// ContractEventName returns the user-defined event name.
func (MarketRefunded) ContractEventName() string {
	return MarketRefundedEventName
}

// UnpackRefundedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Refunded(bytes32 indexed receipt, address indexed buyer, uint96 amount)
func (market *Market) UnpackRefundedEvent(log *types.Log) (*MarketRefunded, error) {
	event := "Refunded"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != market.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(MarketRefunded)
	if len(log.Data) > 0 {
		if err := market.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range market.abi.Events[event].Inputs {
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

// MarketSettled represents a Settled event raised by the Market contract.
type MarketSettled struct {
	Receipt [32]byte
	Seller  common.Address
	Split   [32]byte
	Amount  *big.Int
	Job     [32]byte
	Raw     *types.Log // Blockchain specific contextual infos
}

const MarketSettledEventName = "Settled"

// ContractEventName returns the user-defined event name.
func (MarketSettled) ContractEventName() string {
	return MarketSettledEventName
}

// UnpackSettledEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Settled(bytes32 indexed receipt, address indexed seller, bytes32 indexed split, uint96 amount, bytes32 job)
func (market *Market) UnpackSettledEvent(log *types.Log) (*MarketSettled, error) {
	event := "Settled"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != market.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(MarketSettled)
	if len(log.Data) > 0 {
		if err := market.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range market.abi.Events[event].Inputs {
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

// MarketSkipped represents a Skipped event raised by the Market contract.
type MarketSkipped struct {
	Receipt [32]byte
	Reason  uint8
	Raw     *types.Log // Blockchain specific contextual infos
}

const MarketSkippedEventName = "Skipped"

// ContractEventName returns the user-defined event name.
func (MarketSkipped) ContractEventName() string {
	return MarketSkippedEventName
}

// UnpackSkippedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Skipped(bytes32 indexed receipt, uint8 reason)
func (market *Market) UnpackSkippedEvent(log *types.Log) (*MarketSkipped, error) {
	event := "Skipped"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != market.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(MarketSkipped)
	if len(log.Data) > 0 {
		if err := market.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range market.abi.Events[event].Inputs {
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

// MarketUnpaused represents a Unpaused event raised by the Market contract.
type MarketUnpaused struct {
	Account common.Address
	Raw     *types.Log // Blockchain specific contextual infos
}

const MarketUnpausedEventName = "Unpaused"

// ContractEventName returns the user-defined event name.
func (MarketUnpaused) ContractEventName() string {
	return MarketUnpausedEventName
}

// UnpackUnpausedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Unpaused(address account)
func (market *Market) UnpackUnpausedEvent(log *types.Log) (*MarketUnpaused, error) {
	event := "Unpaused"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != market.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(MarketUnpaused)
	if len(log.Data) > 0 {
		if err := market.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range market.abi.Events[event].Inputs {
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
func (market *Market) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], market.abi.Errors["AlreadyBought"].ID.Bytes()[:4]) {
		return market.UnpackAlreadyBoughtError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["BadBatch"].ID.Bytes()[:4]) {
		return market.UnpackBadBatchError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["BadBundle"].ID.Bytes()[:4]) {
		return market.UnpackBadBundleError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["BadSignature"].ID.Bytes()[:4]) {
		return market.UnpackBadSignatureError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["BadTtl"].ID.Bytes()[:4]) {
		return market.UnpackBadTtlError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["EnforcedPause"].ID.Bytes()[:4]) {
		return market.UnpackEnforcedPauseError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["ExpectedPause"].ID.Bytes()[:4]) {
		return market.UnpackExpectedPauseError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["InvalidShortString"].ID.Bytes()[:4]) {
		return market.UnpackInvalidShortStringError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["NoUnits"].ID.Bytes()[:4]) {
		return market.UnpackNoUnitsError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["NotBuyer"].ID.Bytes()[:4]) {
		return market.UnpackNotBuyerError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["NotForSale"].ID.Bytes()[:4]) {
		return market.UnpackNotForSaleError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["NotRefundable"].ID.Bytes()[:4]) {
		return market.UnpackNotRefundableError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["OwnableInvalidOwner"].ID.Bytes()[:4]) {
		return market.UnpackOwnableInvalidOwnerError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["OwnableUnauthorizedAccount"].ID.Bytes()[:4]) {
		return market.UnpackOwnableUnauthorizedAccountError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["PriceMoved"].ID.Bytes()[:4]) {
		return market.UnpackPriceMovedError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["ReentrancyGuardReentrantCall"].ID.Bytes()[:4]) {
		return market.UnpackReentrancyGuardReentrantCallError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["RefundWindowClosed"].ID.Bytes()[:4]) {
		return market.UnpackRefundWindowClosedError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["SafeERC20FailedOperation"].ID.Bytes()[:4]) {
		return market.UnpackSafeERC20FailedOperationError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["StringTooLong"].ID.Bytes()[:4]) {
		return market.UnpackStringTooLongError(raw[4:])
	}
	if bytes.Equal(raw[:4], market.abi.Errors["UnknownReceipt"].ID.Bytes()[:4]) {
		return market.UnpackUnknownReceiptError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// MarketAlreadyBought represents a AlreadyBought error raised by the Market contract.
type MarketAlreadyBought struct {
	Receipt [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error AlreadyBought(bytes32 receipt)
func MarketAlreadyBoughtErrorID() common.Hash {
	return common.HexToHash("0x0c76114dcddcc0b8981d204e994698ce72a8dbc9e510b4c239e9cd3c6c6ec6f1")
}

// UnpackAlreadyBoughtError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error AlreadyBought(bytes32 receipt)
func (market *Market) UnpackAlreadyBoughtError(raw []byte) (*MarketAlreadyBought, error) {
	out := new(MarketAlreadyBought)
	if err := market.abi.UnpackIntoInterface(out, "AlreadyBought", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketBadBatch represents a BadBatch error raised by the Market contract.
type MarketBadBatch struct {
	Receipts *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadBatch(uint256 receipts)
func MarketBadBatchErrorID() common.Hash {
	return common.HexToHash("0xa503ff0614b7e42c12bcbacc51d916cf30d116c1861b1ec0bd3bbff1a1534ef6")
}

// UnpackBadBatchError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadBatch(uint256 receipts)
func (market *Market) UnpackBadBatchError(raw []byte) (*MarketBadBatch, error) {
	out := new(MarketBadBatch)
	if err := market.abi.UnpackIntoInterface(out, "BadBatch", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketBadBundle represents a BadBundle error raised by the Market contract.
type MarketBadBundle struct {
	Assets *big.Int
	Units  *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadBundle(uint256 assets, uint256 units)
func MarketBadBundleErrorID() common.Hash {
	return common.HexToHash("0x3c45b981a62adb093ecfc492098c546184352077dbad84bd05aea920bedc3bc0")
}

// UnpackBadBundleError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadBundle(uint256 assets, uint256 units)
func (market *Market) UnpackBadBundleError(raw []byte) (*MarketBadBundle, error) {
	out := new(MarketBadBundle)
	if err := market.abi.UnpackIntoInterface(out, "BadBundle", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketBadSignature represents a BadSignature error raised by the Market contract.
type MarketBadSignature struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadSignature()
func MarketBadSignatureErrorID() common.Hash {
	return common.HexToHash("0x5cd5d2335541c4f2ed05fbe44f397e8b79f8e2333157122d2dab06e378ef7685")
}

// UnpackBadSignatureError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadSignature()
func (market *Market) UnpackBadSignatureError(raw []byte) (*MarketBadSignature, error) {
	out := new(MarketBadSignature)
	if err := market.abi.UnpackIntoInterface(out, "BadSignature", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketBadTtl represents a BadTtl error raised by the Market contract.
type MarketBadTtl struct {
	Ttl uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadTtl(uint64 ttl)
func MarketBadTtlErrorID() common.Hash {
	return common.HexToHash("0x4aee89e6268902ab6fe7396d3127f7aacf2d4ea729410b054dd7b89031680f74")
}

// UnpackBadTtlError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadTtl(uint64 ttl)
func (market *Market) UnpackBadTtlError(raw []byte) (*MarketBadTtl, error) {
	out := new(MarketBadTtl)
	if err := market.abi.UnpackIntoInterface(out, "BadTtl", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketEnforcedPause represents a EnforcedPause error raised by the Market contract.
type MarketEnforcedPause struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error EnforcedPause()
func MarketEnforcedPauseErrorID() common.Hash {
	return common.HexToHash("0xd93c0665d6c96d04a8f174024fc4ddd66c250604aff22bbec808de86dd3637e3")
}

// UnpackEnforcedPauseError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error EnforcedPause()
func (market *Market) UnpackEnforcedPauseError(raw []byte) (*MarketEnforcedPause, error) {
	out := new(MarketEnforcedPause)
	if err := market.abi.UnpackIntoInterface(out, "EnforcedPause", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketExpectedPause represents a ExpectedPause error raised by the Market contract.
type MarketExpectedPause struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ExpectedPause()
func MarketExpectedPauseErrorID() common.Hash {
	return common.HexToHash("0x8dfc202bcfe9a735b559bee70674422512bc5c30f687046ae8778315fb81da44")
}

// UnpackExpectedPauseError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ExpectedPause()
func (market *Market) UnpackExpectedPauseError(raw []byte) (*MarketExpectedPause, error) {
	out := new(MarketExpectedPause)
	if err := market.abi.UnpackIntoInterface(out, "ExpectedPause", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketInvalidShortString represents a InvalidShortString error raised by the Market contract.
type MarketInvalidShortString struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error InvalidShortString()
func MarketInvalidShortStringErrorID() common.Hash {
	return common.HexToHash("0xb3512b0c6163e5f0bafab72bb631b9d58cd7a731b082f910338aa21c83d5c274")
}

// UnpackInvalidShortStringError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error InvalidShortString()
func (market *Market) UnpackInvalidShortStringError(raw []byte) (*MarketInvalidShortString, error) {
	out := new(MarketInvalidShortString)
	if err := market.abi.UnpackIntoInterface(out, "InvalidShortString", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketNoUnits represents a NoUnits error raised by the Market contract.
type MarketNoUnits struct {
	Asset *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoUnits(uint256 asset)
func MarketNoUnitsErrorID() common.Hash {
	return common.HexToHash("0x87aaf9a8eb7d9615b9b726604f61ff2f9011a96e3f8d8a5edcced150f62c4b81")
}

// UnpackNoUnitsError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoUnits(uint256 asset)
func (market *Market) UnpackNoUnitsError(raw []byte) (*MarketNoUnits, error) {
	out := new(MarketNoUnits)
	if err := market.abi.UnpackIntoInterface(out, "NoUnits", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketNotBuyer represents a NotBuyer error raised by the Market contract.
type MarketNotBuyer struct {
	Receipt [32]byte
	Caller  common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotBuyer(bytes32 receipt, address caller)
func MarketNotBuyerErrorID() common.Hash {
	return common.HexToHash("0xcdff0efce948c72bfdef0ff0be61c5ff75362cc35100ffeb0f5cbba77d8657d8")
}

// UnpackNotBuyerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotBuyer(bytes32 receipt, address caller)
func (market *Market) UnpackNotBuyerError(raw []byte) (*MarketNotBuyer, error) {
	out := new(MarketNotBuyer)
	if err := market.abi.UnpackIntoInterface(out, "NotBuyer", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketNotForSale represents a NotForSale error raised by the Market contract.
type MarketNotForSale struct {
	Asset *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotForSale(uint256 asset)
func MarketNotForSaleErrorID() common.Hash {
	return common.HexToHash("0xcb5f921029a99794b7ab7ff4cf9da2391b2a7f36ab9f9fbdd73f9e6e20f8062a")
}

// UnpackNotForSaleError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotForSale(uint256 asset)
func (market *Market) UnpackNotForSaleError(raw []byte) (*MarketNotForSale, error) {
	out := new(MarketNotForSale)
	if err := market.abi.UnpackIntoInterface(out, "NotForSale", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketNotRefundable represents a NotRefundable error raised by the Market contract.
type MarketNotRefundable struct {
	Receipt [32]byte
	State   uint8
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NotRefundable(bytes32 receipt, uint8 state)
func MarketNotRefundableErrorID() common.Hash {
	return common.HexToHash("0xcce96a5db010eb0638796e59d7a1a001e5993750964c4d3e4349239366a726a2")
}

// UnpackNotRefundableError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NotRefundable(bytes32 receipt, uint8 state)
func (market *Market) UnpackNotRefundableError(raw []byte) (*MarketNotRefundable, error) {
	out := new(MarketNotRefundable)
	if err := market.abi.UnpackIntoInterface(out, "NotRefundable", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketOwnableInvalidOwner represents a OwnableInvalidOwner error raised by the Market contract.
type MarketOwnableInvalidOwner struct {
	Owner common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error OwnableInvalidOwner(address owner)
func MarketOwnableInvalidOwnerErrorID() common.Hash {
	return common.HexToHash("0x1e4fbdf7f3ef8bcaa855599e3abf48b232380f183f08f6f813d9ffa5bd585188")
}

// UnpackOwnableInvalidOwnerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error OwnableInvalidOwner(address owner)
func (market *Market) UnpackOwnableInvalidOwnerError(raw []byte) (*MarketOwnableInvalidOwner, error) {
	out := new(MarketOwnableInvalidOwner)
	if err := market.abi.UnpackIntoInterface(out, "OwnableInvalidOwner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketOwnableUnauthorizedAccount represents a OwnableUnauthorizedAccount error raised by the Market contract.
type MarketOwnableUnauthorizedAccount struct {
	Account common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error OwnableUnauthorizedAccount(address account)
func MarketOwnableUnauthorizedAccountErrorID() common.Hash {
	return common.HexToHash("0x118cdaa7a341953d1887a2245fd6665d741c67c8c50581daa59e1d03373fa188")
}

// UnpackOwnableUnauthorizedAccountError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error OwnableUnauthorizedAccount(address account)
func (market *Market) UnpackOwnableUnauthorizedAccountError(raw []byte) (*MarketOwnableUnauthorizedAccount, error) {
	out := new(MarketOwnableUnauthorizedAccount)
	if err := market.abi.UnpackIntoInterface(out, "OwnableUnauthorizedAccount", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketPriceMoved represents a PriceMoved error raised by the Market contract.
type MarketPriceMoved struct {
	Asset *big.Int
	Price *big.Int
	Left  *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error PriceMoved(uint256 asset, uint256 price, uint256 left)
func MarketPriceMovedErrorID() common.Hash {
	return common.HexToHash("0x873dd23f9196344272c2f1096cd810e6536ad09ae402b0d72365bb7ac94f81ec")
}

// UnpackPriceMovedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error PriceMoved(uint256 asset, uint256 price, uint256 left)
func (market *Market) UnpackPriceMovedError(raw []byte) (*MarketPriceMoved, error) {
	out := new(MarketPriceMoved)
	if err := market.abi.UnpackIntoInterface(out, "PriceMoved", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketReentrancyGuardReentrantCall represents a ReentrancyGuardReentrantCall error raised by the Market contract.
type MarketReentrancyGuardReentrantCall struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ReentrancyGuardReentrantCall()
func MarketReentrancyGuardReentrantCallErrorID() common.Hash {
	return common.HexToHash("0x3ee5aeb571de7fc460830b4d0017439a1ca56fb0bc39062227ade4fe4a24c1ca")
}

// UnpackReentrancyGuardReentrantCallError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ReentrancyGuardReentrantCall()
func (market *Market) UnpackReentrancyGuardReentrantCallError(raw []byte) (*MarketReentrancyGuardReentrantCall, error) {
	out := new(MarketReentrancyGuardReentrantCall)
	if err := market.abi.UnpackIntoInterface(out, "ReentrancyGuardReentrantCall", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketRefundWindowClosed represents a RefundWindowClosed error raised by the Market contract.
type MarketRefundWindowClosed struct {
	Receipt [32]byte
	Until   uint64
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error RefundWindowClosed(bytes32 receipt, uint64 until)
func MarketRefundWindowClosedErrorID() common.Hash {
	return common.HexToHash("0x25354f598cf21ecb3f69313152f8c069efa6d6a738670e794f0030cb7ebba31e")
}

// UnpackRefundWindowClosedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error RefundWindowClosed(bytes32 receipt, uint64 until)
func (market *Market) UnpackRefundWindowClosedError(raw []byte) (*MarketRefundWindowClosed, error) {
	out := new(MarketRefundWindowClosed)
	if err := market.abi.UnpackIntoInterface(out, "RefundWindowClosed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketSafeERC20FailedOperation represents a SafeERC20FailedOperation error raised by the Market contract.
type MarketSafeERC20FailedOperation struct {
	Token common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeERC20FailedOperation(address token)
func MarketSafeERC20FailedOperationErrorID() common.Hash {
	return common.HexToHash("0x5274afe73c98b4749fc91ffae6b7b574e7842cb2144a159e9377a5f20b32edf9")
}

// UnpackSafeERC20FailedOperationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeERC20FailedOperation(address token)
func (market *Market) UnpackSafeERC20FailedOperationError(raw []byte) (*MarketSafeERC20FailedOperation, error) {
	out := new(MarketSafeERC20FailedOperation)
	if err := market.abi.UnpackIntoInterface(out, "SafeERC20FailedOperation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketStringTooLong represents a StringTooLong error raised by the Market contract.
type MarketStringTooLong struct {
	Str string
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error StringTooLong(string str)
func MarketStringTooLongErrorID() common.Hash {
	return common.HexToHash("0x305a27a93f8e33b7392df0a0f91d6fc63847395853c45991eec52dbf24d72381")
}

// UnpackStringTooLongError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error StringTooLong(string str)
func (market *Market) UnpackStringTooLongError(raw []byte) (*MarketStringTooLong, error) {
	out := new(MarketStringTooLong)
	if err := market.abi.UnpackIntoInterface(out, "StringTooLong", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// MarketUnknownReceipt represents a UnknownReceipt error raised by the Market contract.
type MarketUnknownReceipt struct {
	Receipt [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error UnknownReceipt(bytes32 receipt)
func MarketUnknownReceiptErrorID() common.Hash {
	return common.HexToHash("0x48fa6aac9db18ee12213bf39c91fc24ad004a49f6cebd0e8e0993909084961af")
}

// UnpackUnknownReceiptError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error UnknownReceipt(bytes32 receipt)
func (market *Market) UnpackUnknownReceiptError(raw []byte) (*MarketUnknownReceipt, error) {
	out := new(MarketUnknownReceipt)
	if err := market.abi.UnpackIntoInterface(out, "UnknownReceipt", raw); err != nil {
		return nil, err
	}
	return out, nil
}
