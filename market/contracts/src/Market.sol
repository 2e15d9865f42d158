// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Ownable, Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Assets} from "./Assets.sol";
import {Payroll} from "./Payroll.sol";

/// @title Sells the use of assets and keeps the receipts that hosts check.
/// @notice A purchase is held here, per receipt, until one of these:
///  - settle: the refund window passed, or the buyer waives it: the sellers are paid;
///  - settleJob: somebody shows a job request that the buyer signed with the receipt: the sellers are paid;
///  - refund, by the buyer inside the window: the receipt buys nothing from then on, and unless settleJob comes
///    within refundDelay, settle pays the buyer back. The delay is what a host has to show a job it already ran.
/// Who is paid, and how much, is fixed at purchase. Pausing stops purchases and nothing else.
contract Market is ReentrancyGuardTransient, Pausable, Ownable2Step, EIP712 {
    using SafeERC20 for IERC20;

    enum State {
        None,
        Held,
        Refunding,
        Refunded,
        Settled
    }

    /// Why an entry of a batch was passed over.
    enum Skip {
        Unknown, // no such receipt
        Early, // nothing is due yet
        Done, // settled or refunded before
        Signer, // the job is not signed by the buyer or a key it delegated to
        Late // the refund is due
    }

    struct Receipt {
        address buyer;
        uint96 paid;
        address seller; // owner of the asset at purchase
        uint64 expiry; // Unix seconds after which it buys nothing
        State state;
        address delegate; // may act for the buyer ...
        uint64 until; // ... until this time
        uint64 units; // jobs paid for
        uint64 refundUntil; // end of the refund window
        uint64 refundAt; // when a requested refund is due
        uint64 boughtAt; // block
        uint256 asset;
        bytes32 split; // of the asset at purchase
    }

    struct Limits {
        uint64 wall;
        uint32 memoryPages;
        uint32 output;
        uint32 log;
        uint32 handles;
        uint64 tensor;
    }

    struct JobRequest {
        bytes32 id;
        bytes32 app;
        bytes32 data;
        bytes32 model;
        bytes32 slot;
        bytes32 body;
        bytes32[] receipts;
        uint64 deadline;
        Limits limits;
    }

    struct Permit {
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    uint256 public constant MAX_BUNDLE = 8;
    uint256 public constant MAX_BATCH = 32;
    uint64 public constant MAX_TTL = 366 days;

    bytes32 public constant LIMITS_TYPEHASH =
        keccak256("Limits(uint64 wall,uint32 memoryPages,uint32 output,uint32 log,uint32 handles,uint64 tensor)");
    bytes32 public constant JOB_TYPEHASH = keccak256(
        "JobRequest(bytes32 id,bytes32 app,bytes32 data,bytes32 model,bytes32 slot,bytes32 body,bytes32[] receipts,uint64 deadline,Limits limits)"
        "Limits(uint64 wall,uint32 memoryPages,uint32 output,uint32 log,uint32 handles,uint64 tensor)"
    );

    IERC20 public immutable credits;
    Assets public immutable assets;
    Payroll public immutable payroll;
    uint64 public immutable refundWindow;
    uint64 public immutable refundDelay;

    mapping(bytes32 id => Receipt) private _receipts;
    /// Every key a receipt was ever delegated to: what a job was signed with stays proof after a revocation.
    mapping(bytes32 id => mapping(address key => bool)) public everDelegate;
    mapping(address buyer => bytes32[]) private _refs; // append only; no function loops over it
    mapping(address buyer => uint256) public escrowOf;
    uint256 public totalEscrow;

    event Purchased(
        bytes32 indexed receipt, address indexed buyer, uint256 indexed asset, bytes32 ref, uint64 units, uint96 paid, uint64 expiry
    );
    event Delegated(bytes32 indexed receipt, address indexed key, uint64 until);
    event RefundRequested(bytes32 indexed receipt, uint64 due);
    event Refunded(bytes32 indexed receipt, address indexed buyer, uint96 amount);
    event Settled(bytes32 indexed receipt, address indexed seller, bytes32 indexed split, uint96 amount, bytes32 job);
    event Skipped(bytes32 indexed receipt, Skip reason);

    error AlreadyBought(bytes32 receipt);
    error BadBundle(uint256 assets, uint256 units);
    error BadBatch(uint256 receipts);
    error BadTtl(uint64 ttl);
    error NoUnits(uint256 asset);
    error NotForSale(uint256 asset);
    error PriceMoved(uint256 asset, uint256 price, uint256 left);
    error UnknownReceipt(bytes32 receipt);
    error NotBuyer(bytes32 receipt, address caller);
    error NotRefundable(bytes32 receipt, State state);
    error RefundWindowClosed(bytes32 receipt, uint64 until);
    error BadSignature();

    constructor(address owner_, IERC20 credits_, Assets assets_, Payroll payroll_, uint64 refundWindow_, uint64 refundDelay_)
        Ownable(owner_)
        EIP712("Cloister", "1")
    {
        credits = credits_;
        assets = assets_;
        payroll = payroll_;
        refundWindow = refundWindow_;
        refundDelay = refundDelay_;
        credits_.forceApprove(address(payroll_), type(uint256).max); // Payroll takes from its caller only
    }

    // ------------------------------------------------------------------ buying

    /// @notice The receipt that entry `index` of bundle `ref` of `buyer` gets.
    function receiptFor(address buyer, bytes32 ref, uint256 index) public pure returns (bytes32) {
        return keccak256(abi.encode(buyer, ref, index));
    }

    /// @notice Buys `units[i]` jobs of `ids[i]`, all or nothing, for at most `maxPaid`. `ref` names the caller's
    /// intent: sent twice, the second is refused.
    function buyBundle(bytes32 ref, uint256[] calldata ids, uint64[] calldata units, uint64 ttl, uint96 maxPaid)
        external
        returns (bytes32[] memory)
    {
        return _buyBundle(ref, ids, units, ttl, maxPaid);
    }

    /// @notice buyBundle and the approval it takes in one transaction.
    function buyBundleWithPermit(
        bytes32 ref,
        uint256[] calldata ids,
        uint64[] calldata units,
        uint64 ttl,
        uint96 maxPaid,
        Permit calldata p
    ) external returns (bytes32[] memory) {
        // Whoever sees the permit may send it first; the allowance is then there already.
        try IERC20Permit(address(credits)).permit(msg.sender, address(this), maxPaid, p.deadline, p.v, p.r, p.s) {} catch {}
        return _buyBundle(ref, ids, units, ttl, maxPaid);
    }

    function _buyBundle(bytes32 ref, uint256[] calldata ids, uint64[] calldata units, uint64 ttl, uint96 maxPaid)
        private
        nonReentrant
        whenNotPaused
        returns (bytes32[] memory receipts)
    {
        uint256 n = ids.length;
        if (n == 0 || n > MAX_BUNDLE || n != units.length) revert BadBundle(n, units.length);
        if (ttl == 0 || ttl > MAX_TTL) revert BadTtl(ttl);
        bytes32 first = receiptFor(msg.sender, ref, 0);
        if (_receipts[first].state != State.None) revert AlreadyBought(first);

        receipts = new bytes32[](n);
        uint256 left = maxPaid;
        for (uint256 i; i < n; ++i) {
            receipts[i] = receiptFor(msg.sender, ref, i);
            left -= _buy(receipts[i], ref, ids[i], units[i], ttl, left);
        }
        _refs[msg.sender].push(ref);
        uint256 total = maxPaid - left;
        escrowOf[msg.sender] += total;
        totalEscrow += total;
        credits.safeTransferFrom(msg.sender, address(this), total);
    }

    function _buy(bytes32 id, bytes32 ref, uint256 asset, uint64 units, uint64 ttl, uint256 left) private returns (uint256 total) {
        (Assets.Asset memory a, address owner) = assets.asset(asset);
        if (a.kind == 0 || a.delisted) revert NotForSale(asset);
        if (units == 0) revert NoUnits(asset);
        total = uint256(a.price) * units;
        if (total > left) revert PriceMoved(asset, a.price, left);
        Receipt storage r = _receipts[id];
        r.buyer = msg.sender;
        r.paid = uint96(total); // total <= left <= maxPaid, a uint96
        r.seller = owner;
        r.expiry = uint64(block.timestamp) + ttl;
        r.state = State.Held;
        r.units = units;
        r.refundUntil = uint64(block.timestamp) + refundWindow;
        r.boughtAt = uint64(block.number);
        r.asset = asset;
        r.split = a.split;
        emit Purchased(id, msg.sender, asset, ref, units, uint96(total), r.expiry);
    }

    // ------------------------------------------------------------------ using

    /// @notice Lets `key` act for the buyer until `until`; it replaces the key before. Zero takes the right back.
    function delegate(bytes32[] calldata receipts, address key, uint64 until) external {
        _checkBatch(receipts.length);
        for (uint256 i; i < receipts.length; ++i) {
            Receipt storage r = _receipts[receipts[i]];
            _onlyBuyer(r, receipts[i]);
            r.delegate = key;
            r.until = until;
            if (key != address(0)) everDelegate[receipts[i]][key] = true;
            emit Delegated(receipts[i], key, until);
        }
    }

    // ------------------------------------------------------------------ refund and settlement

    /// @notice Gives a receipt back. It buys nothing from now on; `settle` pays after refundDelay.
    function refund(bytes32 id) external {
        Receipt storage r = _receipts[id];
        _onlyBuyer(r, id);
        if (r.state != State.Held) revert NotRefundable(id, r.state);
        if (block.timestamp > r.refundUntil) revert RefundWindowClosed(id, r.refundUntil);
        r.state = State.Refunding;
        r.refundAt = uint64(block.timestamp) + refundDelay;
        emit RefundRequested(id, r.refundAt);
    }

    /// @notice Does what is due for each receipt: pays its sellers, or its buyer if a refund is due. Anybody may
    /// call it; the buyer may before the refund window ends. What is not due is passed over with an event.
    function settle(bytes32[] calldata ids) external nonReentrant {
        _checkBatch(ids.length);
        for (uint256 i; i < ids.length; ++i) {
            Receipt storage r = _receipts[ids[i]];
            State state = r.state;
            if (state == State.None) {
                emit Skipped(ids[i], Skip.Unknown);
            } else if (state == State.Settled || state == State.Refunded) {
                emit Skipped(ids[i], Skip.Done);
            } else if (state == State.Held) {
                if (block.timestamp > r.refundUntil || msg.sender == r.buyer) _pay(r, ids[i], bytes32(0));
                else emit Skipped(ids[i], Skip.Early);
            } else if (block.timestamp < r.refundAt) {
                emit Skipped(ids[i], Skip.Early);
            } else {
                _payBack(r, ids[i]);
            }
        }
    }

    /// @notice Pays the sellers of every receipt that `job` names and that its signer bought, or was delegated.
    /// Anybody may call it: the signature is the proof of use.
    function settleJob(JobRequest calldata job, bytes calldata signature) external nonReentrant {
        _checkBatch(job.receipts.length);
        (address signer, ECDSA.RecoverError err,) = ECDSA.tryRecover(jobDigest(job), signature);
        if (err != ECDSA.RecoverError.NoError) revert BadSignature();
        for (uint256 i; i < job.receipts.length; ++i) {
            bytes32 id = job.receipts[i];
            Receipt storage r = _receipts[id];
            State state = r.state;
            if (state == State.None) {
                emit Skipped(id, Skip.Unknown);
            } else if (state == State.Settled || state == State.Refunded) {
                emit Skipped(id, Skip.Done);
            } else if (signer != r.buyer && !everDelegate[id][signer]) {
                emit Skipped(id, Skip.Signer);
            } else if (state == State.Refunding && block.timestamp >= r.refundAt) {
                emit Skipped(id, Skip.Late);
            } else {
                _pay(r, id, job.id);
            }
        }
    }

    function _pay(Receipt storage r, bytes32 id, bytes32 job) private {
        uint96 amount = r.paid;
        r.state = State.Settled;
        _leave(r.buyer, amount);
        emit Settled(id, r.seller, r.split, amount, job);
        if (amount != 0) payroll.pay(r.split, r.seller, amount);
    }

    function _payBack(Receipt storage r, bytes32 id) private {
        uint96 amount = r.paid;
        r.state = State.Refunded;
        _leave(r.buyer, amount);
        emit Refunded(id, r.buyer, amount);
        if (amount != 0) credits.safeTransfer(r.buyer, amount);
    }

    function _leave(address buyer, uint256 amount) private {
        escrowOf[buyer] -= amount;
        totalEscrow -= amount;
    }

    // ------------------------------------------------------------------ reading

    /// @notice A receipt with what was bought; state None when there is no such receipt.
    function purchase(bytes32 id) public view returns (Receipt memory r, uint8 kind, bytes32 content, bytes32 policy) {
        r = _receipts[id];
        if (r.state == State.None) return (r, 0, 0, 0);
        (Assets.Asset memory a,) = assets.asset(r.asset);
        return (r, a.kind, a.content, a.policy);
    }

    /// @notice How many bundles `buyer` bought.
    function bundles(address buyer) external view returns (uint256) {
        return _refs[buyer].length;
    }

    /// @notice The ref of the bundle that `buyer` bought as number `index`, from zero.
    function bundleAt(address buyer, uint256 index) external view returns (bytes32) {
        return _refs[buyer][index];
    }

    /// @notice The receipts of a bundle; none when there is no such bundle.
    function bundle(address buyer, bytes32 ref) external view returns (bytes32[] memory receipts) {
        uint256 n;
        while (n < MAX_BUNDLE && _receipts[receiptFor(buyer, ref, n)].state != State.None) ++n;
        receipts = new bytes32[](n);
        for (uint256 i; i < n; ++i) receipts[i] = receiptFor(buyer, ref, i);
    }

    /// @notice What a wallet signs for `job` (EIP-712).
    function jobDigest(JobRequest calldata job) public view returns (bytes32) {
        Limits calldata l = job.limits;
        bytes32 limits = keccak256(abi.encode(LIMITS_TYPEHASH, l.wall, l.memoryPages, l.output, l.log, l.handles, l.tensor));
        return _hashTypedDataV4(
            keccak256(
                abi.encode(
                    JOB_TYPEHASH,
                    job.id,
                    job.app,
                    job.data,
                    job.model,
                    job.slot,
                    job.body,
                    keccak256(abi.encodePacked(job.receipts)),
                    job.deadline,
                    limits
                )
            )
        );
    }

    // ------------------------------------------------------------------ admin

    function pause() external onlyOwner {
        _pause();
    }

    function unpause() external onlyOwner {
        _unpause();
    }

    // ------------------------------------------------------------------ checks

    function _onlyBuyer(Receipt storage r, bytes32 id) private view {
        if (r.state == State.None) revert UnknownReceipt(id);
        if (r.buyer != msg.sender) revert NotBuyer(id, msg.sender);
    }

    function _checkBatch(uint256 n) private pure {
        if (n == 0 || n > MAX_BATCH) revert BadBatch(n);
    }
}
