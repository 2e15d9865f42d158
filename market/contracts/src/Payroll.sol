// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title Divides income among payees, who are paid when they (or anybody for them) ask.
/// @notice A split is named by its content and never changes. In a split, address zero stands for the owner
/// that the payer names with each payment: the owner's share follows a sale of the asset, the shares of
/// everybody else do not. No function is privileged.
contract Payroll is ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    struct Split {
        address[] to;
        uint16[] bps;
    }

    uint256 public constant MAX_PAYEES = 16;
    uint256 public constant WHOLE = 10_000;

    IERC20 public immutable credits;

    mapping(bytes32 key => Split) private _splits;
    mapping(address payee => uint256) public owed;
    uint256 public totalOwed;

    event SplitSet(bytes32 indexed key, address[] to, uint16[] bps);
    event Paid(bytes32 indexed key, address indexed owner, address indexed from, uint256 amount);
    event Released(address indexed to, uint256 amount);

    error BadSplit(uint256 payees, uint256 sum);
    error UnknownSplit(bytes32 key);
    error NoOwner();
    error NothingOwed(address to);

    constructor(IERC20 credits_) {
        credits = credits_;
    }

    /// @notice Writes a split down and returns its name. The same split again changes nothing.
    function setSplit(address[] calldata to, uint16[] calldata bps) external returns (bytes32 key) {
        uint256 n = to.length;
        uint256 sum;
        if (n != bps.length || n == 0 || n > MAX_PAYEES) revert BadSplit(n, 0);
        for (uint256 i; i < n; ++i) {
            if (bps[i] == 0) revert BadSplit(n, 0);
            sum += bps[i];
        }
        if (sum != WHOLE) revert BadSplit(n, sum);
        key = keccak256(abi.encode(to, bps));
        if (_splits[key].to.length != 0) return key;
        _splits[key] = Split(to, bps);
        emit SplitSet(key, to, bps);
    }

    function split(bytes32 key) external view returns (address[] memory to, uint16[] memory bps) {
        return (_splits[key].to, _splits[key].bps);
    }

    /// @notice Whether payments by this key go somewhere. Key zero pays the owner alone.
    function exists(bytes32 key) public view returns (bool) {
        return key == bytes32(0) || _splits[key].to.length != 0;
    }

    /// @notice Takes `amount` from the caller and owes it to the payees. What rounding leaves goes to the last one.
    function pay(bytes32 key, address owner, uint256 amount) external nonReentrant {
        if (owner == address(0)) revert NoOwner();
        if (key == bytes32(0)) {
            owed[owner] += amount;
        } else {
            Split storage s = _splits[key];
            uint256 n = s.to.length;
            if (n == 0) revert UnknownSplit(key);
            uint256 left = amount;
            for (uint256 i; i < n; ++i) {
                uint256 share = i == n - 1 ? left : amount * s.bps[i] / WHOLE;
                left -= share;
                address to = s.to[i];
                owed[to == address(0) ? owner : to] += share;
            }
        }
        totalOwed += amount;
        credits.safeTransferFrom(msg.sender, address(this), amount);
        emit Paid(key, owner, msg.sender, amount);
    }

    /// @notice Sends `to` all it is owed. Anybody may call it; the credits go nowhere else.
    function release(address to) external nonReentrant returns (uint256 amount) {
        amount = owed[to];
        if (amount == 0) revert NothingOwed(to);
        owed[to] = 0;
        totalOwed -= amount;
        credits.safeTransfer(to, amount);
        emit Released(to, amount);
    }
}
