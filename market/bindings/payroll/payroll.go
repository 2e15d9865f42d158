// Code generated via abigen V2 - DO NOT EDIT.
// This file is a generated binding and any manual changes will be lost.

package payroll

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

// PayrollMetaData contains all meta data concerning the Payroll contract.
var PayrollMetaData = bind.MetaData{
	ABI: "[{\"inputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"credits_\",\"type\":\"address\"}],\"stateMutability\":\"nonpayable\",\"type\":\"constructor\"},{\"inputs\":[{\"internalType\":\"uint256\",\"name\":\"payees\",\"type\":\"uint256\"},{\"internalType\":\"uint256\",\"name\":\"sum\",\"type\":\"uint256\"}],\"name\":\"BadSplit\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"NoOwner\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"}],\"name\":\"NothingOwed\",\"type\":\"error\"},{\"inputs\":[],\"name\":\"ReentrancyGuardReentrantCall\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"token\",\"type\":\"address\"}],\"name\":\"SafeERC20FailedOperation\",\"type\":\"error\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"key\",\"type\":\"bytes32\"}],\"name\":\"UnknownSplit\",\"type\":\"error\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"key\",\"type\":\"bytes32\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"indexed\":true,\"internalType\":\"address\",\"name\":\"from\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"Paid\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"},{\"indexed\":false,\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"Released\",\"type\":\"event\"},{\"anonymous\":false,\"inputs\":[{\"indexed\":true,\"internalType\":\"bytes32\",\"name\":\"key\",\"type\":\"bytes32\"},{\"indexed\":false,\"internalType\":\"address[]\",\"name\":\"to\",\"type\":\"address[]\"},{\"indexed\":false,\"internalType\":\"uint16[]\",\"name\":\"bps\",\"type\":\"uint16[]\"}],\"name\":\"SplitSet\",\"type\":\"event\"},{\"inputs\":[],\"name\":\"MAX_PAYEES\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"WHOLE\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"credits\",\"outputs\":[{\"internalType\":\"contractIERC20\",\"name\":\"\",\"type\":\"address\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"key\",\"type\":\"bytes32\"}],\"name\":\"exists\",\"outputs\":[{\"internalType\":\"bool\",\"name\":\"\",\"type\":\"bool\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"payee\",\"type\":\"address\"}],\"name\":\"owed\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"key\",\"type\":\"bytes32\"},{\"internalType\":\"address\",\"name\":\"owner\",\"type\":\"address\"},{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"name\":\"pay\",\"outputs\":[],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address\",\"name\":\"to\",\"type\":\"address\"}],\"name\":\"release\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"amount\",\"type\":\"uint256\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"address[]\",\"name\":\"to\",\"type\":\"address[]\"},{\"internalType\":\"uint16[]\",\"name\":\"bps\",\"type\":\"uint16[]\"}],\"name\":\"setSplit\",\"outputs\":[{\"internalType\":\"bytes32\",\"name\":\"key\",\"type\":\"bytes32\"}],\"stateMutability\":\"nonpayable\",\"type\":\"function\"},{\"inputs\":[{\"internalType\":\"bytes32\",\"name\":\"key\",\"type\":\"bytes32\"}],\"name\":\"split\",\"outputs\":[{\"internalType\":\"address[]\",\"name\":\"to\",\"type\":\"address[]\"},{\"internalType\":\"uint16[]\",\"name\":\"bps\",\"type\":\"uint16[]\"}],\"stateMutability\":\"view\",\"type\":\"function\"},{\"inputs\":[],\"name\":\"totalOwed\",\"outputs\":[{\"internalType\":\"uint256\",\"name\":\"\",\"type\":\"uint256\"}],\"stateMutability\":\"view\",\"type\":\"function\"}]",
	ID:  "Payroll",
	Bin: "0x60a0604052348015600e575f5ffd5b50604051610fe1380380610fe1833981016040819052602b91603b565b6001600160a01b03166080526066565b5f60208284031215604a575f5ffd5b81516001600160a01b0381168114605f575f5ffd5b9392505050565b608051610f5661008b5f395f818160f10152818161025901526105970152610f565ff3fe608060405234801561000f575f5ffd5b50600436106100b9575f3560e01c80635ecc86e811610072578063df18e04711610058578063df18e0471461018c578063e4b56d7f146101ab578063e7fa9f7d146101be575f5ffd5b80635ecc86e81461016f57806397d4df6714610177575f5ffd5b806326540fd2116100a257806326540fd2146100ec57806338a699a41461012b578063516d81841461014e575f5ffd5b806309eba343146100bd57806319165587146100d9575b5f5ffd5b6100c661271081565b6040519081526020015b60405180910390f35b6100c66100e7366004610a61565b6101c7565b6101137f000000000000000000000000000000000000000000000000000000000000000081565b6040516001600160a01b0390911681526020016100d0565b61013e610139366004610a81565b6102d0565b60405190151581526020016100d0565b61016161015c366004610a81565b6102f0565b6040516100d0929190610a98565b6100c6601081565b61018a610185366004610b25565b6103da565b005b6100c661019a366004610a61565b60016020525f908152604090205481565b6100c66101b9366004610b9f565b61061a565b6100c660025481565b5f6101d0610863565b506001600160a01b0381165f908152600160205260408120549081900361021a57604051633a8d87ed60e11b81526001600160a01b03831660048201526024015b60405180910390fd5b6001600160a01b0382165f90815260016020526040812081905560028054839290610246908490610c1f565b9091555061028090506001600160a01b037f000000000000000000000000000000000000000000000000000000000000000016838361089a565b816001600160a01b03167fb21fb52d5749b80f3182f8c6992236b5e5576681880914484d7f4c9b062e619e826040516102bb91815260200190565b60405180910390a26102cb6108cf565b919050565b5f8115806102ea57505f8281526020819052604090205415155b92915050565b5f8181526020818152604091829020805483518184028101840190945280845260609384936001840192849183018282801561035357602002820191905f5260205f20905b81546001600160a01b03168152600190910190602001808311610335575b50505050509150808054806020026020016040519081016040528092919081815260200182805480156103ca57602002820191905f5260205f20905f905b82829054906101000a900461ffff1661ffff16815260200190600201906020826001010492830192600103820291508084116103915790505b5050505050905091509150915091565b6103e2610863565b6001600160a01b03821661040957604051633fa8f08160e11b815260040160405180910390fd5b82610440576001600160a01b0382165f9081526001602052604081208054839290610435908490610c32565b909155506105739050565b5f8381526020819052604081208054909181900361047457604051632ac1aeed60e21b815260048101869052602401610211565b825f5b8281101561056e575f61048b600185610c1f565b82146104e1576127108560010183815481106104a9576104a9610c45565b5f91825260209091206010820401546104d291600f166002026101000a900461ffff1688610c59565b6104dc9190610c70565b6104e3565b825b90506104ef8184610c1f565b92505f855f01838154811061050657610506610c45565b5f9182526020822001546001600160a01b031691508290600190831561052c578361052e565b8a5b6001600160a01b03166001600160a01b031681526020019081526020015f205f82825461055b9190610c32565b9091555050600190920191506104779050565b505050505b8060025f8282546105849190610c32565b909155506105bf90506001600160a01b037f0000000000000000000000000000000000000000000000000000000000000000163330846108f9565b336001600160a01b0316826001600160a01b0316847f37db9851b6c9a32f8ddcf4734e6526de7c85268ef735f7883ea70dc8a39c9c858460405161060591815260200190565b60405180910390a46106156108cf565b505050565b5f8381838214158061062a575081155b806106355750601082115b1561065c57604051630709d8cd60e41b8152600481018390525f6024820152604401610211565b5f5b828110156106f85785858281811061067857610678610c45565b905060200201602081019061068d9190610ca0565b61ffff165f036106b957604051630709d8cd60e41b8152600481018490525f6024820152604401610211565b8585828181106106cb576106cb610c45565b90506020020160208101906106e09190610ca0565b6106ee9061ffff1683610c32565b915060010161065e565b50612710811461072557604051630709d8cd60e41b81526004810183905260248101829052604401610211565b8686868660405160200161073c9493929190610cb9565b60408051601f1981840301815291815281516020928301205f818152928390529120549093501561076e57505061085b565b60405180604001604052808888808060200260200160405190810160405280939291908181526020018383602002808284375f9201919091525050509082525060408051602088810282810182019093528882529283019290918991899182918501908490808284375f920182905250939094525050858152602081905260409020825190915081906108019082610d71565b50602082015160018201906108169082610e75565b50905050827f2ff297cb453ece6b542634d2dd62b3c6bf41b7951360ed8381014aaf4e8a3dc2888888886040516108509493929190610cb9565b60405180910390a250505b949350505050565b61086b610935565b61089860017f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f005b90610975565b565b6108a7838383600161097c565b61061557604051635274afe760e01b81526001600160a01b0384166004820152602401610211565b6108985f7f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f00610892565b6109078484848460016109de565b61092f57604051635274afe760e01b81526001600160a01b0385166004820152602401610211565b50505050565b7f9b779b17422d0df92223018b32b4d1fa46e071723d6817e2486d003becc55f005c1561089857604051633ee5aeb560e01b815260040160405180910390fd5b80825d5050565b60405163a9059cbb60e01b5f8181526001600160a01b038616600452602485905291602083604481808b5af1925060015f511483166109d25783831516156109c6573d5f823e3d81fd5b5f873b113d1516831692505b60405250949350505050565b6040516323b872dd60e01b5f8181526001600160a01b038781166004528616602452604485905291602083606481808c5af1925060015f51148316610a3a578383151615610a2e573d5f823e3d81fd5b5f883b113d1516831692505b604052505f60605295945050505050565b80356001600160a01b03811681146102cb575f5ffd5b5f60208284031215610a71575f5ffd5b610a7a82610a4b565b9392505050565b5f60208284031215610a91575f5ffd5b5035919050565b604080825283519082018190525f9060208501906060840190835b81811015610ada5783516001600160a01b0316835260209384019390920191600101610ab3565b5050838103602080860191909152855180835291810192508501905f5b81811015610b1957825161ffff16845260209384019390920191600101610af7565b50919695505050505050565b5f5f5f60608486031215610b37575f5ffd5b83359250610b4760208501610a4b565b9150604084013590509250925092565b5f5f83601f840112610b67575f5ffd5b50813567ffffffffffffffff811115610b7e575f5ffd5b6020830191508360208260051b8501011115610b98575f5ffd5b9250929050565b5f5f5f5f60408587031215610bb2575f5ffd5b843567ffffffffffffffff811115610bc8575f5ffd5b610bd487828801610b57565b909550935050602085013567ffffffffffffffff811115610bf3575f5ffd5b610bff87828801610b57565b95989497509550505050565b634e487b7160e01b5f52601160045260245ffd5b818103818111156102ea576102ea610c0b565b808201808211156102ea576102ea610c0b565b634e487b7160e01b5f52603260045260245ffd5b80820281158282048414176102ea576102ea610c0b565b5f82610c8a57634e487b7160e01b5f52601260045260245ffd5b500490565b803561ffff811681146102cb575f5ffd5b5f60208284031215610cb0575f5ffd5b610a7a82610c8f565b604080825281018490525f8560608301825b87811015610cf9576001600160a01b03610ce484610a4b565b16825260209283019290910190600101610ccb565b50838103602080860191909152858252019050845f5b85811015610d395761ffff610d2383610c8f565b1683526020928301929190910190600101610d0f565b5090979650505050505050565b634e487b7160e01b5f52604160045260245ffd5b5f5b82811015610615575f82820155600101610d5c565b815167ffffffffffffffff811115610d8b57610d8b610d46565b68010000000000000000811115610da457610da4610d46565b815481835580821015610dc857825f528160205f2001610dc683830382610d5a565b505b5060208301825f5260205f205f5b83811015610dfb5782516001600160a01b031682820155602090920191600101610dd6565b505050505050565b68010000000000000000821115610e1c57610e1c610d46565b80548282558083101561061557600f830160041c825f528060205f2001601e8560011b168015610e5b575f19820180545f198360200360031b1c168155505b50610e6e82600f850160041c0382610d5a565b5050505050565b815167ffffffffffffffff811115610e8f57610e8f610d46565b610e998183610e03565b60208301610eac835f9081526020902090565b8260041c5f5b81811015610f0b575f5f5b6010811015610efe57610eed610ed5875161ffff1690565b61ffff908116600484901b90811b91901b1984161790565b602096909601959150600101610ebd565b5083820155600101610eb2565b50600f198416808503818614610f4c575f5f5b82811015610f4657610f35610ed5885161ffff1690565b602097909701969150600101610f1e565b50848401555b505050505050505056",
}

// Payroll is an auto generated Go binding around an Ethereum contract.
type Payroll struct {
	abi abi.ABI
}

// GetABI returns the ABI associated with this contract binding.
func (c *Payroll) GetABI() abi.ABI {
	return c.abi
}

// NewPayroll creates a new instance of Payroll.
func NewPayroll() *Payroll {
	parsed, err := PayrollMetaData.ParseABI()
	if err != nil {
		panic(errors.New("invalid ABI: " + err.Error()))
	}
	return &Payroll{abi: *parsed}
}

// Instance creates a wrapper for a deployed contract instance at the given address.
// Use this to create the instance object passed to abigen v2 library functions Call, Transact, etc.
func (c *Payroll) Instance(backend bind.ContractBackend, addr common.Address) *bind.BoundContract {
	return bind.NewBoundContract(addr, c.abi, backend, backend, backend)
}

// PackConstructor is the Go binding used to pack the parameters required for
// contract deployment.
//
// Solidity: constructor(address credits_) returns()
func (payroll *Payroll) PackConstructor(credits_ common.Address) []byte {
	enc, err := payroll.abi.Pack("", credits_)
	if err != nil {
		panic(err)
	}
	return enc
}

// PackMAXPAYEES is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5ecc86e8.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function MAX_PAYEES() view returns(uint256)
func (payroll *Payroll) PackMAXPAYEES() []byte {
	enc, err := payroll.abi.Pack("MAX_PAYEES")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackMAXPAYEES is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x5ecc86e8.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function MAX_PAYEES() view returns(uint256)
func (payroll *Payroll) TryPackMAXPAYEES() ([]byte, error) {
	return payroll.abi.Pack("MAX_PAYEES")
}

// UnpackMAXPAYEES is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x5ecc86e8.
//
// Solidity: function MAX_PAYEES() view returns(uint256)
func (payroll *Payroll) UnpackMAXPAYEES(data []byte) (*big.Int, error) {
	out, err := payroll.abi.Unpack("MAX_PAYEES", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackWHOLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x09eba343.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function WHOLE() view returns(uint256)
func (payroll *Payroll) PackWHOLE() []byte {
	enc, err := payroll.abi.Pack("WHOLE")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackWHOLE is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x09eba343.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function WHOLE() view returns(uint256)
func (payroll *Payroll) TryPackWHOLE() ([]byte, error) {
	return payroll.abi.Pack("WHOLE")
}

// UnpackWHOLE is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x09eba343.
//
// Solidity: function WHOLE() view returns(uint256)
func (payroll *Payroll) UnpackWHOLE(data []byte) (*big.Int, error) {
	out, err := payroll.abi.Unpack("WHOLE", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackCredits is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x26540fd2.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function credits() view returns(address)
func (payroll *Payroll) PackCredits() []byte {
	enc, err := payroll.abi.Pack("credits")
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
func (payroll *Payroll) TryPackCredits() ([]byte, error) {
	return payroll.abi.Pack("credits")
}

// UnpackCredits is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x26540fd2.
//
// Solidity: function credits() view returns(address)
func (payroll *Payroll) UnpackCredits(data []byte) (common.Address, error) {
	out, err := payroll.abi.Unpack("credits", data)
	if err != nil {
		return *new(common.Address), err
	}
	out0 := *abi.ConvertType(out[0], new(common.Address)).(*common.Address)
	return out0, nil
}

// PackExists is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x38a699a4.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function exists(bytes32 key) view returns(bool)
func (payroll *Payroll) PackExists(key [32]byte) []byte {
	enc, err := payroll.abi.Pack("exists", key)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackExists is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x38a699a4.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function exists(bytes32 key) view returns(bool)
func (payroll *Payroll) TryPackExists(key [32]byte) ([]byte, error) {
	return payroll.abi.Pack("exists", key)
}

// UnpackExists is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x38a699a4.
//
// Solidity: function exists(bytes32 key) view returns(bool)
func (payroll *Payroll) UnpackExists(data []byte) (bool, error) {
	out, err := payroll.abi.Unpack("exists", data)
	if err != nil {
		return *new(bool), err
	}
	out0 := *abi.ConvertType(out[0], new(bool)).(*bool)
	return out0, nil
}

// PackOwed is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xdf18e047.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function owed(address payee) view returns(uint256)
func (payroll *Payroll) PackOwed(payee common.Address) []byte {
	enc, err := payroll.abi.Pack("owed", payee)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackOwed is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xdf18e047.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function owed(address payee) view returns(uint256)
func (payroll *Payroll) TryPackOwed(payee common.Address) ([]byte, error) {
	return payroll.abi.Pack("owed", payee)
}

// UnpackOwed is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xdf18e047.
//
// Solidity: function owed(address payee) view returns(uint256)
func (payroll *Payroll) UnpackOwed(data []byte) (*big.Int, error) {
	out, err := payroll.abi.Unpack("owed", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackPay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x97d4df67.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function pay(bytes32 key, address owner, uint256 amount) returns()
func (payroll *Payroll) PackPay(key [32]byte, owner common.Address, amount *big.Int) []byte {
	enc, err := payroll.abi.Pack("pay", key, owner, amount)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackPay is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x97d4df67.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function pay(bytes32 key, address owner, uint256 amount) returns()
func (payroll *Payroll) TryPackPay(key [32]byte, owner common.Address, amount *big.Int) ([]byte, error) {
	return payroll.abi.Pack("pay", key, owner, amount)
}

// PackRelease is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x19165587.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function release(address to) returns(uint256 amount)
func (payroll *Payroll) PackRelease(to common.Address) []byte {
	enc, err := payroll.abi.Pack("release", to)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackRelease is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x19165587.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function release(address to) returns(uint256 amount)
func (payroll *Payroll) TryPackRelease(to common.Address) ([]byte, error) {
	return payroll.abi.Pack("release", to)
}

// UnpackRelease is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x19165587.
//
// Solidity: function release(address to) returns(uint256 amount)
func (payroll *Payroll) UnpackRelease(data []byte) (*big.Int, error) {
	out, err := payroll.abi.Unpack("release", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PackSetSplit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe4b56d7f.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function setSplit(address[] to, uint16[] bps) returns(bytes32 key)
func (payroll *Payroll) PackSetSplit(to []common.Address, bps []uint16) []byte {
	enc, err := payroll.abi.Pack("setSplit", to, bps)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSetSplit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe4b56d7f.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function setSplit(address[] to, uint16[] bps) returns(bytes32 key)
func (payroll *Payroll) TryPackSetSplit(to []common.Address, bps []uint16) ([]byte, error) {
	return payroll.abi.Pack("setSplit", to, bps)
}

// UnpackSetSplit is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe4b56d7f.
//
// Solidity: function setSplit(address[] to, uint16[] bps) returns(bytes32 key)
func (payroll *Payroll) UnpackSetSplit(data []byte) ([32]byte, error) {
	out, err := payroll.abi.Unpack("setSplit", data)
	if err != nil {
		return *new([32]byte), err
	}
	out0 := *abi.ConvertType(out[0], new([32]byte)).(*[32]byte)
	return out0, nil
}

// PackSplit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x516d8184.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function split(bytes32 key) view returns(address[] to, uint16[] bps)
func (payroll *Payroll) PackSplit(key [32]byte) []byte {
	enc, err := payroll.abi.Pack("split", key)
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackSplit is the Go binding used to pack the parameters required for calling
// the contract method with ID 0x516d8184.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function split(bytes32 key) view returns(address[] to, uint16[] bps)
func (payroll *Payroll) TryPackSplit(key [32]byte) ([]byte, error) {
	return payroll.abi.Pack("split", key)
}

// SplitOutput serves as a container for the return parameters of contract
// method Split.
type SplitOutput struct {
	To  []common.Address
	Bps []uint16
}

// UnpackSplit is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0x516d8184.
//
// Solidity: function split(bytes32 key) view returns(address[] to, uint16[] bps)
func (payroll *Payroll) UnpackSplit(data []byte) (SplitOutput, error) {
	out, err := payroll.abi.Unpack("split", data)
	outstruct := new(SplitOutput)
	if err != nil {
		return *outstruct, err
	}
	outstruct.To = *abi.ConvertType(out[0], new([]common.Address)).(*[]common.Address)
	outstruct.Bps = *abi.ConvertType(out[1], new([]uint16)).(*[]uint16)
	return *outstruct, nil
}

// PackTotalOwed is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe7fa9f7d.  This method will panic if any
// invalid/nil inputs are passed.
//
// Solidity: function totalOwed() view returns(uint256)
func (payroll *Payroll) PackTotalOwed() []byte {
	enc, err := payroll.abi.Pack("totalOwed")
	if err != nil {
		panic(err)
	}
	return enc
}

// TryPackTotalOwed is the Go binding used to pack the parameters required for calling
// the contract method with ID 0xe7fa9f7d.  This method will return an error
// if any inputs are invalid/nil.
//
// Solidity: function totalOwed() view returns(uint256)
func (payroll *Payroll) TryPackTotalOwed() ([]byte, error) {
	return payroll.abi.Pack("totalOwed")
}

// UnpackTotalOwed is the Go binding that unpacks the parameters returned
// from invoking the contract method with ID 0xe7fa9f7d.
//
// Solidity: function totalOwed() view returns(uint256)
func (payroll *Payroll) UnpackTotalOwed(data []byte) (*big.Int, error) {
	out, err := payroll.abi.Unpack("totalOwed", data)
	if err != nil {
		return new(big.Int), err
	}
	out0 := abi.ConvertType(out[0], new(big.Int)).(*big.Int)
	return out0, nil
}

// PayrollPaid represents a Paid event raised by the Payroll contract.
type PayrollPaid struct {
	Key    [32]byte
	Owner  common.Address
	From   common.Address
	Amount *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const PayrollPaidEventName = "Paid"

// ContractEventName returns the user-defined event name.
func (PayrollPaid) ContractEventName() string {
	return PayrollPaidEventName
}

// UnpackPaidEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Paid(bytes32 indexed key, address indexed owner, address indexed from, uint256 amount)
func (payroll *Payroll) UnpackPaidEvent(log *types.Log) (*PayrollPaid, error) {
	event := "Paid"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != payroll.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(PayrollPaid)
	if len(log.Data) > 0 {
		if err := payroll.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range payroll.abi.Events[event].Inputs {
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

// PayrollReleased represents a Released event raised by the Payroll contract.
type PayrollReleased struct {
	To     common.Address
	Amount *big.Int
	Raw    *types.Log // Blockchain specific contextual infos
}

const PayrollReleasedEventName = "Released"

// ContractEventName returns the user-defined event name.
func (PayrollReleased) ContractEventName() string {
	return PayrollReleasedEventName
}

// UnpackReleasedEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event Released(address indexed to, uint256 amount)
func (payroll *Payroll) UnpackReleasedEvent(log *types.Log) (*PayrollReleased, error) {
	event := "Released"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != payroll.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(PayrollReleased)
	if len(log.Data) > 0 {
		if err := payroll.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range payroll.abi.Events[event].Inputs {
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

// PayrollSplitSet represents a SplitSet event raised by the Payroll contract.
type PayrollSplitSet struct {
	Key [32]byte
	To  []common.Address
	Bps []uint16
	Raw *types.Log // Blockchain specific contextual infos
}

const PayrollSplitSetEventName = "SplitSet"

// ContractEventName returns the user-defined event name.
func (PayrollSplitSet) ContractEventName() string {
	return PayrollSplitSetEventName
}

// UnpackSplitSetEvent is the Go binding that unpacks the event data emitted
// by contract.
//
// Solidity: event SplitSet(bytes32 indexed key, address[] to, uint16[] bps)
func (payroll *Payroll) UnpackSplitSetEvent(log *types.Log) (*PayrollSplitSet, error) {
	event := "SplitSet"
	if len(log.Topics) == 0 {
		return nil, bind.ErrNoEventSignature
	}
	if log.Topics[0] != payroll.abi.Events[event].ID {
		return nil, bind.ErrEventSignatureMismatch
	}
	out := new(PayrollSplitSet)
	if len(log.Data) > 0 {
		if err := payroll.abi.UnpackIntoInterface(out, event, log.Data); err != nil {
			return nil, err
		}
	}
	var indexed abi.Arguments
	for _, arg := range payroll.abi.Events[event].Inputs {
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
func (payroll *Payroll) UnpackError(raw []byte) (any, error) {
	if bytes.Equal(raw[:4], payroll.abi.Errors["BadSplit"].ID.Bytes()[:4]) {
		return payroll.UnpackBadSplitError(raw[4:])
	}
	if bytes.Equal(raw[:4], payroll.abi.Errors["NoOwner"].ID.Bytes()[:4]) {
		return payroll.UnpackNoOwnerError(raw[4:])
	}
	if bytes.Equal(raw[:4], payroll.abi.Errors["NothingOwed"].ID.Bytes()[:4]) {
		return payroll.UnpackNothingOwedError(raw[4:])
	}
	if bytes.Equal(raw[:4], payroll.abi.Errors["ReentrancyGuardReentrantCall"].ID.Bytes()[:4]) {
		return payroll.UnpackReentrancyGuardReentrantCallError(raw[4:])
	}
	if bytes.Equal(raw[:4], payroll.abi.Errors["SafeERC20FailedOperation"].ID.Bytes()[:4]) {
		return payroll.UnpackSafeERC20FailedOperationError(raw[4:])
	}
	if bytes.Equal(raw[:4], payroll.abi.Errors["UnknownSplit"].ID.Bytes()[:4]) {
		return payroll.UnpackUnknownSplitError(raw[4:])
	}
	return nil, errors.New("Unknown error")
}

// PayrollBadSplit represents a BadSplit error raised by the Payroll contract.
type PayrollBadSplit struct {
	Payees *big.Int
	Sum    *big.Int
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error BadSplit(uint256 payees, uint256 sum)
func PayrollBadSplitErrorID() common.Hash {
	return common.HexToHash("0x709d8cd0280743a49f9f6abc64022466cc5f25e56e29e5e83e49bcad325d87b1")
}

// UnpackBadSplitError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error BadSplit(uint256 payees, uint256 sum)
func (payroll *Payroll) UnpackBadSplitError(raw []byte) (*PayrollBadSplit, error) {
	out := new(PayrollBadSplit)
	if err := payroll.abi.UnpackIntoInterface(out, "BadSplit", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayrollNoOwner represents a NoOwner error raised by the Payroll contract.
type PayrollNoOwner struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NoOwner()
func PayrollNoOwnerErrorID() common.Hash {
	return common.HexToHash("0x7f51e102a56ef32eaa1fd6ae7ca3136352c232a22677b8bfed2e871895ed151e")
}

// UnpackNoOwnerError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NoOwner()
func (payroll *Payroll) UnpackNoOwnerError(raw []byte) (*PayrollNoOwner, error) {
	out := new(PayrollNoOwner)
	if err := payroll.abi.UnpackIntoInterface(out, "NoOwner", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayrollNothingOwed represents a NothingOwed error raised by the Payroll contract.
type PayrollNothingOwed struct {
	To common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error NothingOwed(address to)
func PayrollNothingOwedErrorID() common.Hash {
	return common.HexToHash("0x751b0fdaa408a0c7537afaf0af96a92598192bff093a0ad0f684a7c83bc223c9")
}

// UnpackNothingOwedError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error NothingOwed(address to)
func (payroll *Payroll) UnpackNothingOwedError(raw []byte) (*PayrollNothingOwed, error) {
	out := new(PayrollNothingOwed)
	if err := payroll.abi.UnpackIntoInterface(out, "NothingOwed", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayrollReentrancyGuardReentrantCall represents a ReentrancyGuardReentrantCall error raised by the Payroll contract.
type PayrollReentrancyGuardReentrantCall struct {
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error ReentrancyGuardReentrantCall()
func PayrollReentrancyGuardReentrantCallErrorID() common.Hash {
	return common.HexToHash("0x3ee5aeb571de7fc460830b4d0017439a1ca56fb0bc39062227ade4fe4a24c1ca")
}

// UnpackReentrancyGuardReentrantCallError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error ReentrancyGuardReentrantCall()
func (payroll *Payroll) UnpackReentrancyGuardReentrantCallError(raw []byte) (*PayrollReentrancyGuardReentrantCall, error) {
	out := new(PayrollReentrancyGuardReentrantCall)
	if err := payroll.abi.UnpackIntoInterface(out, "ReentrancyGuardReentrantCall", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayrollSafeERC20FailedOperation represents a SafeERC20FailedOperation error raised by the Payroll contract.
type PayrollSafeERC20FailedOperation struct {
	Token common.Address
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error SafeERC20FailedOperation(address token)
func PayrollSafeERC20FailedOperationErrorID() common.Hash {
	return common.HexToHash("0x5274afe73c98b4749fc91ffae6b7b574e7842cb2144a159e9377a5f20b32edf9")
}

// UnpackSafeERC20FailedOperationError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error SafeERC20FailedOperation(address token)
func (payroll *Payroll) UnpackSafeERC20FailedOperationError(raw []byte) (*PayrollSafeERC20FailedOperation, error) {
	out := new(PayrollSafeERC20FailedOperation)
	if err := payroll.abi.UnpackIntoInterface(out, "SafeERC20FailedOperation", raw); err != nil {
		return nil, err
	}
	return out, nil
}

// PayrollUnknownSplit represents a UnknownSplit error raised by the Payroll contract.
type PayrollUnknownSplit struct {
	Key [32]byte
}

// ErrorID returns the hash of canonical representation of the error's signature.
//
// Solidity: error UnknownSplit(bytes32 key)
func PayrollUnknownSplitErrorID() common.Hash {
	return common.HexToHash("0xab06bbb4328cb1909f65b98c17ca08981096568a4594ee05b6c8ba4ed6023ec5")
}

// UnpackUnknownSplitError is the Go binding used to decode the provided
// error data into the corresponding Go error struct.
//
// Solidity: error UnknownSplit(bytes32 key)
func (payroll *Payroll) UnpackUnknownSplitError(raw []byte) (*PayrollUnknownSplit, error) {
	out := new(PayrollUnknownSplit)
	if err := payroll.abi.UnpackIntoInterface(out, "UnknownSplit", raw); err != nil {
		return nil, err
	}
	return out, nil
}
