// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {ERC2981} from "@openzeppelin/contracts/token/common/ERC2981.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Payroll} from "./Payroll.sol";

/// @title What is for sale: datasets, apps, models and slots, one ERC-721 token each.
/// @notice Content, policy and split are fixed when an asset is listed; only its price and whether it is on
/// sale can change, and only its owner changes them.
contract Assets is ERC721, ERC2981, IERC4906 {
    struct Asset {
        bytes32 content; // what it is: a content id
        bytes32 policy; // what a buyer may do with it: the digest of a policy; zero: nothing leaves
        bytes32 split; // who is paid: a split of Payroll; zero: the owner
        uint96 price; // of one unit, in the smallest unit of Credits
        uint64 listedAt; // block
        uint8 kind; // 1 dataset, 2 app, 3 model, 4 slot
        bool delisted;
    }

    uint8 public constant KINDS = 4;
    uint96 public constant MAX_ROYALTY_BPS = 1_000;
    uint256 public constant MAX_URI = 2_048;

    Payroll public immutable payroll;

    mapping(uint256 id => Asset) private _assets;
    mapping(uint256 id => string) private _uris;
    mapping(bytes32 content => mapping(uint8 kind => uint256 id)) public idOf;
    uint256[] private _ids; // append only; no function loops over it

    event Listed(
        uint256 indexed id, address indexed owner, uint8 indexed kind, bytes32 content, bytes32 policy, uint96 price, bytes32 split
    );
    event PriceSet(uint256 indexed id, uint96 price);
    event DelistedSet(uint256 indexed id, bool delisted);

    error AlreadyListed(uint256 id);
    error DuplicateContent(uint256 id);
    error BadKind(uint8 kind);
    error NoContent();
    error BadRoyalty(uint96 bps);
    error BadSplit(bytes32 split);
    error BadUri(uint256 length);
    error NotOwner(uint256 id, address caller);

    constructor(Payroll payroll_) ERC721("Cloister Asset", "CLA") {
        payroll = payroll_;
    }

    /// @notice The id that `list` gives to what `seller` lists under `ref`.
    function idFor(address seller, bytes32 ref) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(seller, ref)));
    }

    /// @notice Lists an asset. `ref` names the caller's intent: sent twice, the second is refused.
    function list(
        bytes32 ref,
        uint8 kind,
        bytes32 content,
        bytes32 policy,
        uint96 price,
        bytes32 split,
        uint96 royaltyBps,
        string calldata uri
    ) external returns (uint256 id) {
        id = idFor(msg.sender, ref);
        if (_assets[id].kind != 0) revert AlreadyListed(id);
        if (kind == 0 || kind > KINDS) revert BadKind(kind);
        if (content == bytes32(0)) revert NoContent();
        if (idOf[content][kind] != 0) revert DuplicateContent(idOf[content][kind]);
        if (royaltyBps > MAX_ROYALTY_BPS) revert BadRoyalty(royaltyBps);
        if (!payroll.exists(split)) revert BadSplit(split);
        if (bytes(uri).length > MAX_URI) revert BadUri(bytes(uri).length);

        _assets[id] = Asset(content, policy, split, price, uint64(block.number), kind, false);
        _uris[id] = uri;
        _ids.push(id);
        idOf[content][kind] = id;
        _mint(msg.sender, id);
        if (royaltyBps != 0) _setTokenRoyalty(id, msg.sender, royaltyBps);
        emit Listed(id, msg.sender, kind, content, policy, price, split);
    }

    function setPrice(uint256 id, uint96 price) external {
        _onlyOwner(id);
        _assets[id].price = price;
        emit PriceSet(id, price);
        emit MetadataUpdate(id);
    }

    /// @notice Takes an asset off sale, or puts it back. Receipts that were bought stay good.
    function setDelisted(uint256 id, bool delisted) external {
        _onlyOwner(id);
        _assets[id].delisted = delisted;
        emit DelistedSet(id, delisted);
        emit MetadataUpdate(id);
    }

    /// @notice The asset and its owner; kind 0 and owner zero when there is no such asset.
    function asset(uint256 id) external view returns (Asset memory a, address owner) {
        return (_assets[id], _ownerOf(id));
    }

    /// @notice How many assets were ever listed.
    function count() external view returns (uint256) {
        return _ids.length;
    }

    /// @notice The id of the asset that was listed as number `index`, from zero.
    function idAt(uint256 index) external view returns (uint256) {
        return _ids[index];
    }

    function tokenURI(uint256 id) public view override returns (string memory) {
        _requireOwned(id);
        return _uris[id];
    }

    function supportsInterface(bytes4 id) public view override(ERC721, ERC2981, IERC165) returns (bool) {
        return id == bytes4(0x49064906) || super.supportsInterface(id);
    }

    function _onlyOwner(uint256 id) private view {
        if (_ownerOf(id) != msg.sender) revert NotOwner(id, msg.sender);
    }
}
