#include "tensor/unpickler.h"

#include "cli/error.h"
#include "tensor/pickle_arena.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>
#include <map>
#include <span>
#include <string_view>

namespace lip::tensor {
namespace {

using Value = PickleValue;
using ValuePtr = PickleValuePtr;
using Items = PickleItems;
using Mark = PickleValue::Mark;
using Global = PickleValue::Global;
using Storage = PickleValue::Storage;
using List = PickleValue::List;
using Tuple = PickleValue::Tuple;
using Dict = PickleValue::Dict;

template <class T>
ValuePtr make(T value) {
    return std::make_shared<Value>(Value{std::move(value)});
}

struct StorageType {
    std::string_view name;
    at::ScalarType type;
};
constexpr StorageType kStorages[] = {
    {"torch.FloatStorage", at::kFloat},       {"torch.HalfStorage", at::kHalf},
    {"torch.BFloat16Storage", at::kBFloat16}, {"torch.DoubleStorage", at::kDouble},
    {"torch.LongStorage", at::kLong},         {"torch.IntStorage", at::kInt},
    {"torch.ShortStorage", at::kShort},       {"torch.CharStorage", at::kChar},
    {"torch.ByteStorage", at::kByte},         {"torch.BoolStorage", at::kBool},
};

constexpr std::string_view kDictNames[] = {"collections.OrderedDict", "builtins.dict",
                                           "__builtin__.dict"};
// Dictionaries whose first argument makes their values, or holds them.
constexpr std::string_view kOtherDictNames[] = {"collections.defaultdict", "collections.Counter"};
// Made and dropped.
constexpr std::string_view kDroppedNames[] = {"torch.Size",
                                              "torch.device",
                                              "torch.serialization._get_layout",
                                              "builtins.list",
                                              "__builtin__.list",
                                              "builtins.int",
                                              "__builtin__.int",
                                              "builtins.set",
                                              "__builtin__.set",
                                              "builtins.frozenset",
                                              "builtins.complex",
                                              "builtins.bytearray",
                                              "_codecs.encode",
                                              "numpy.dtype",
                                              "numpy.ndarray",
                                              "numpy.core.multiarray.scalar",
                                              "numpy.core.multiarray._reconstruct",
                                              "numpy._core.multiarray.scalar",
                                              "numpy._core.multiarray._reconstruct"};
constexpr std::string_view kNumpyTypes = "numpy.dtypes.";
// torch.float32 and the like: values of their own.
constexpr std::string_view kTorchTypes[] = {
    "torch.float32", "torch.float64", "torch.float16", "torch.bfloat16", "torch.int64",
    "torch.int32",   "torch.int16",   "torch.int8",    "torch.uint8",    "torch.bool"};
// What TorchScript's pickles ask for: lists of one type, and values with their type noted.
constexpr std::string_view kScriptNames[] = {
    "torch.jit._pickle.build_intlist", "torch.jit._pickle.build_doublelist",
    "torch.jit._pickle.build_boollist", "torch.jit._pickle.build_tensorlist",
    "torch.jit._pickle.restore_type_tag"};
constexpr std::string_view kScriptClasses = "__torch__.";
constexpr std::string_view kTensorNames[] = {"torch._utils._rebuild_tensor_v2",
                                             "torch._utils._rebuild_parameter"};

// A machine for the opcodes of pickle protocols 2 to 4 that only ever makes data.
class Unpickler {
public:
    Unpickler(std::string bytes, std::string path, LoadStorage load, bool objects)
        : bytes_(std::move(bytes)),
          path_(std::move(path)),
          load_(std::move(load)),
          objects_(objects) {}

    ValuePtr run() {
        for (;;) {
            const auto opcode = static_cast<unsigned char>(take(1)[0]);
            if (opcode == '.') break;
            step(opcode);
        }
        ValuePtr result = pop();
        if (!arena_.release(result))
            fail("the pickle has values that hold themselves, or too many within each other");
        return result;
    }

private:
    [[noreturn]] void fail(const std::string& what) const {
        throw cli::DataError(path_ + ": " + what);
    }
    [[noreturn]] void damaged() const { fail("the pickle is truncated or damaged"); }

    std::string_view take(std::uint64_t n) {
        if (n > bytes_.size() - at_) damaged();
        const std::string_view part = std::string_view(bytes_).substr(at_, n);
        at_ += n;
        return part;
    }
    // Little-endian.
    std::uint64_t number(int bytes) {
        std::uint64_t n = 0;
        const std::string_view part = take(static_cast<std::uint64_t>(bytes));
        for (int i = bytes; i-- > 0;)
            n = n << 8 | static_cast<unsigned char>(part[static_cast<std::size_t>(i)]);
        return n;
    }
    std::string line() {
        const std::size_t end = bytes_.find('\n', at_);
        if (end == std::string::npos) damaged();
        std::string text = bytes_.substr(at_, end - at_);
        at_ = end + 1;
        return text;
    }
    ValuePtr pop() {
        if (stack_.empty()) damaged();
        ValuePtr top = std::move(stack_.back());
        stack_.pop_back();
        return top;
    }
    ValuePtr& top() {
        if (stack_.empty()) damaged();
        return stack_.back();
    }
    Items pop_to_mark() {
        Items items;
        for (;;) {
            ValuePtr item = pop();
            if (std::holds_alternative<Mark>(item->is)) break;
            items.push_back(std::move(item));
        }
        std::reverse(items.begin(), items.end());
        return items;
    }
    template <class T>
    T& as(const ValuePtr& value) const {
        T* found = std::get_if<T>(&value->is);
        if (!found) damaged();
        return *found;
    }
    void push(ValuePtr value) { stack_.push_back(std::move(value)); }
    template <class T>
    void push_value(T value) {
        push(make(std::move(value)));
        if constexpr (!std::is_arithmetic_v<T> && !std::is_same_v<T, std::string>)
            arena_.keep(top());
    }

    static bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
        return std::ranges::find(names, name) != names.end();
    }
    static bool is_dropped(std::string_view name) {
        return is_one_of(kDroppedNames, name) || is_one_of(kTorchTypes, name) ||
               name.starts_with(kNumpyTypes);
    }

    void push_global(const std::string& name) {
        bool known =
            is_one_of(kDictNames, name) || is_one_of(kOtherDictNames, name) ||
            is_one_of(kTensorNames, name) || is_dropped(name) ||
            (objects_ && (is_one_of(kScriptNames, name) || name.starts_with(kScriptClasses)));
        for (const StorageType& storage : kStorages) known |= storage.name == name;
        const bool is_tensor = name.starts_with("torch.") &&
                               (name.ends_with("Storage") || name.find("._rebuild_") != name.npos);
        if (!known)
            fail(is_tensor ? "the file has a tensor of a kind that is not supported (" + name + ")"
                           : "the file asks for " + name +
                                 ", which is not a tensor, dictionary, list, number or string: "
                                 "refused, and nothing was executed (save only the state dict)");
        push_value(Global{name});
    }

    void set_items(const ValuePtr& dict, const Items& items) {
        if (items.size() % 2 != 0) damaged();
        for (std::size_t i = 0; i < items.size(); i += 2)
            as<Dict>(dict).items.emplace_back(items[i], items[i + 1]);
    }

    void persistent() {
        const ValuePtr id = pop();
        const Items& parts = as<Tuple>(id).items;
        // ("storage", type, key, device, number of elements)
        if (parts.size() < 5 || as<std::string>(parts[0]) != "storage") damaged();
        const std::string& name = as<Global>(parts[1]).name;
        for (const StorageType& storage : kStorages)
            if (storage.name == name) {
                push_value(
                    Storage{storage.type, as<std::string>(parts[2]), as<std::int64_t>(parts[4])});
                return;
            }
        fail("a storage of type " + name + " is not supported");
    }

    std::vector<std::int64_t> integers(const ValuePtr& tuple) const {
        std::vector<std::int64_t> out;
        for (const ValuePtr& item : as<Tuple>(tuple).items) {
            out.push_back(as<std::int64_t>(item));
            if (out.back() < 0) damaged();
        }
        return out;
    }

    at::Tensor rebuild(const Items& arguments) const {
        if (arguments.size() < 4) damaged();
        const Storage& storage = as<Storage>(arguments[0]);
        const std::int64_t offset = as<std::int64_t>(arguments[1]);
        const auto sizes = integers(arguments[2]), strides = integers(arguments[3]);
        if (sizes.size() != strides.size() || offset < 0) damaged();
        // The last element must lie within the storage; sums that overflow do not.
        std::int64_t last = offset, reach = 0;
        bool is_empty = false;
        for (std::size_t i = 0; i < sizes.size(); ++i) {
            is_empty |= sizes[i] == 0;
            if (__builtin_mul_overflow(sizes[i] - 1, strides[i], &reach) ||
                __builtin_add_overflow(last, reach, &last))
                damaged();
        }
        if (!is_empty && (last >= storage.size || last < 0))
            fail("a tensor extends beyond its storage " + storage.key);
        if (is_empty) return at::empty(sizes, at::TensorOptions(storage.type));
        return load_(storage).as_strided(sizes, strides, offset);
    }

    void reduce() {
        const ValuePtr arguments = pop(), callee = pop();
        const std::string& name = as<Global>(callee).name;
        const Items& items = as<Tuple>(arguments).items;
        if (is_one_of(kDictNames, name)) {
            if (!items.empty()) damaged();
            push_value(Dict());
        } else if (is_one_of(kOtherDictNames, name)) {
            push_value(Dict());
        } else if (is_dropped(name)) {
            push_value(std::monostate());
        } else if (is_one_of(kScriptNames, name) && !items.empty()) {
            push(items[0]);
        } else if (name == kTensorNames[0]) {
            push_value(rebuild(items));
        } else if (name == kTensorNames[1] && !items.empty()) {
            push(items[0]);  // (tensor, requires_grad, hooks)
        } else {
            damaged();
        }
    }

    // An OrderedDict may carry attributes, such as the _metadata of a state dict: not needed. Those
    // of an object of a program are what it is.
    void build() {
        const ValuePtr state = pop();
        if (std::holds_alternative<std::monostate>(top()->is)) return;
        Dict* dict = std::get_if<Dict>(&top()->is);
        if (!dict) damaged();
        const Dict* given = std::get_if<Dict>(&state->is);
        if (given == dict) damaged();
        if (given && objects_)
            dict->items.insert(dict->items.end(), given->items.begin(), given->items.end());
    }

    // cls.__new__(cls, *arguments): an object of a program without its attributes, or data that is
    // dropped.
    void new_object() {
        pop();
        const ValuePtr callee = pop();
        const std::string& name = as<Global>(callee).name;
        if (objects_ && name.starts_with(kScriptClasses))
            push_value(Dict());
        else if (is_dropped(name))
            push_value(std::monostate());
        else
            damaged();
    }

    void memoize(std::uint64_t at) { memo_[at] = top(); }
    void recall(std::uint64_t at) {
        const auto found = memo_.find(at);
        if (found == memo_.end()) damaged();
        push(found->second);
    }

    void long_integer(std::uint64_t size) {
        const std::string_view part = take(size);
        if (size > 8) return push_value(std::monostate());
        std::int64_t n = 0;
        for (std::size_t i = part.size(); i-- > 0;)
            n = static_cast<std::int64_t>(static_cast<std::uint64_t>(n) << 8 |
                                          static_cast<unsigned char>(part[i]));
        if (!part.empty() && part.size() < 8 && (part.back() & 0x80) != 0)
            n -= std::int64_t{1} << (8 * part.size());
        push_value(n);
    }

    void big_endian_double() {
        const std::string_view part = take(8);
        std::uint64_t bits = 0;
        for (const char c : part) bits = bits << 8 | static_cast<unsigned char>(c);
        double value = 0;
        std::memcpy(&value, &bits, 8);
        push_value(value);
    }

    void step(unsigned char opcode);

    std::string bytes_, path_;
    std::size_t at_ = 0;
    LoadStorage load_;
    bool objects_;
    Items stack_;
    std::map<std::uint64_t, ValuePtr> memo_;
    PickleArena arena_;
};

void Unpickler::step(unsigned char opcode) {
    // clang-format off
    switch (opcode) {
        case 0x80: take(1); return;                                      // PROTO
        case 0x95: take(8); return;                                      // FRAME
        case '(':  push_value(Mark()); return;
        case '0':  pop(); return;
        case 'N':  push_value(std::monostate()); return;
        case 0x88: push_value(true); return;
        case 0x89: push_value(false); return;
        case 'J':  push_value(std::int64_t{static_cast<std::int32_t>(number(4))}); return;
        case 'K':  push_value(static_cast<std::int64_t>(number(1))); return;
        case 'M':  push_value(static_cast<std::int64_t>(number(2))); return;
        case 0x8A: long_integer(number(1)); return;                      // LONG1
        case 0x8B: long_integer(number(4)); return;                      // LONG4
        case 0x8F: push_value(List()); return;                           // EMPTY_SET
        case 0x91: push_value(List{pop_to_mark()}); return;              // FROZENSET
        case 0x81: new_object(); return;                                 // NEWOBJ
        case 0x8E: push_value(std::string(take(number(8)))); return;     // BINBYTES8
        case '2':  push(top()); return;                                  // DUP
        case 'G':  big_endian_double(); return;
        case 'X':  push_value(std::string(take(number(4)))); return;     // BINUNICODE
        case 0x8C: push_value(std::string(take(number(1)))); return;
        case 0x8D: push_value(std::string(take(number(8)))); return;
        case 'T':  push_value(std::string(take(number(4)))); return;     // BINSTRING
        case 'U':  push_value(std::string(take(number(1)))); return;
        case 'B':  push_value(std::string(take(number(4)))); return;     // BINBYTES
        case 'C':  push_value(std::string(take(number(1)))); return;
        case ']':  push_value(List()); return;
        case '}':  push_value(Dict()); return;
        case ')':  push_value(Tuple()); return;
        case 'l':  push_value(List{pop_to_mark()}); return;
        case 't':  push_value(Tuple{pop_to_mark()}); return;
        case 0x85: { Items items = {pop()}; push_value(Tuple{items}); return; }
        case 0x86: { const ValuePtr b = pop(), a = pop(); push_value(Tuple{{a, b}}); return; }
        case 0x87: { const ValuePtr c = pop(), b = pop(), a = pop();
                     push_value(Tuple{{a, b, c}}); return; }
        case 'd':  { const Items items = pop_to_mark(); push_value(Dict());
                     set_items(top(), items); return; }
        case 's':  { const ValuePtr value = pop(), key = pop();
                     set_items(top(), {key, value}); return; }
        case 'u':  { const Items items = pop_to_mark(); set_items(top(), items); return; }
        case 'a':  { const ValuePtr item = pop(); as<List>(top()).items.push_back(item); return; }
        case 0x90:                                                       // ADDITEMS, to a set
        case 'e':  { const Items items = pop_to_mark();
                     for (const ValuePtr& item : items) as<List>(top()).items.push_back(item);
                     return; }
        case 'q':  memoize(number(1)); return;
        case 'r':  memoize(number(4)); return;
        case 0x94: memoize(memo_.size()); return;
        case 'h':  recall(number(1)); return;
        case 'j':  recall(number(4)); return;
        case 'c':  { const std::string module = line();
                     push_global(module + "." + line()); return; }
        case 0x93: { const ValuePtr name = pop(), module = pop();
                     push_global(as<std::string>(module) + "." + as<std::string>(name)); return; }
        case 'Q':  persistent(); return;
        case 'R':  reduce(); return;
        case 'b':  build(); return;
        default:   break;
    }
    // clang-format on
    char code[8];
    std::snprintf(code, sizeof code, "0x%02x", opcode);
    fail(std::string("the pickle has an instruction that data does not need (opcode ") + code +
         "): refused");
}

}  // namespace

PickleValuePtr unpickle(std::string bytes, std::string path, LoadStorage load, bool objects) {
    return Unpickler(std::move(bytes), std::move(path), std::move(load), objects).run();
}

}  // namespace lip::tensor
