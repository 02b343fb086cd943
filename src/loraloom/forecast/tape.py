"""What autograd keeps of a forward pass, counted and not computed: values with a size and a number format, and operations.

The rules are PyTorch's: what each operation saves for its derivative, and what autocast casts. Sizes are in elements and
bytes, arithmetic in floating-point operations (two for a multiplication and an addition).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False, slots=True)
class Value:
    """A tensor: elements, bytes an element, and whether a gradient flows through it. Each is a storage of its own."""

    elements: int
    width: int
    grad: bool = False

    @property
    def bytes(self) -> int:
        """Size."""
        return self.elements * self.width


@dataclass(frozen=True)
class Texts:
    """Texts that go through a model in one row: tokens, how many of them are learned, texts, and the sum of the squares of
    their lengths, which attention grows with."""

    tokens: int
    trained: int
    documents: int
    squares: int


@dataclass(frozen=True)
class Rules:
    """Bytes an element of products (`work`), of what norms read and give (`norm`), and whether gradients are wanted.
    CUDA's autocast norms in fp32, the CPU's as it comes (docs.pytorch.org, "Autocast Op Reference").

    `rank` is the LoRA's; `fused` says that linear layers keep x and x A^T alone (`train.fused`). `copies`: convolutions
    work on copies in a layout of their own, as oneDNN's do on a CPU.
    """

    work: int
    norm: int
    rank: int = 0
    fused: bool = True
    grad: bool = True
    copies: bool = False


@dataclass
class Tape:
    """The record of one pass. `kept`: bytes saved for the way back, without parameters; `peak`: the most held at once on
    the way there or back; `forward` and `backward`: arithmetic of products; `moved`: bytes that everything else reads and
    writes on the way there; `operations` there. With checkpointing `backward` has the second way there, too."""

    rules: Rules
    kept: int = 0
    peak: int = 0
    forward: float = 0.0
    backward: float = 0.0
    moved: float = 0.0
    operations: int = 0
    held: int = 0
    """Bytes that are needed later on the way there: skip connections and the residual stream."""
    _seen: set[Value] = field(default_factory=set[Value])

    def keep(self, *values: Value) -> None:
        """Saved for the way back, each storage once."""
        for value in values:
            if self.rules.grad and value not in self._seen:
                self._seen.add(value)
                self.kept += value.bytes

    @contextmanager
    def again(self, *inputs: Value, checkpointing: bool) -> Generator[None]:
        """A block that is computed again on the way back when `checkpointing`: its inputs stay, what it keeps does not."""
        if not checkpointing:
            yield
            return
        self.keep(*inputs)
        outside, seen, forward = self.kept, set(self._seen), self.forward
        yield
        self.kept, self._seen = outside, seen
        self.backward += self.forward - forward

    def cast(self, value: Value, width: int) -> Value:
        """The value in another number format; itself where it has that already."""
        if value.width == width:
            return value
        self._moved(value.bytes + value.elements * width)
        return Value(value.elements, width, value.grad)

    def norm(self, x: Value, statistics: int) -> Value:
        """Group or layer norm: keeps what it reads and twice `statistics` numbers."""
        x = self.cast(x, self.rules.norm)
        if x.grad:
            self.keep(x, Value(2 * statistics, x.width))
        return self._through(x, x.elements, 2)

    def rms_norm(self, x: Value, rows: int) -> Value:
        """Root mean square norm, which works in fp32: keeps what it reads in that and a number a row."""
        whole = self.cast(x, 4)
        if x.grad:
            self.keep(whole, Value(rows, 4))
        self._note(3 * whole.bytes, 4 * whole.bytes)
        self._moved(x.bytes + 6 * whole.bytes)
        self.operations += 5
        return Value(x.elements, self.rules.norm, x.grad)

    def activation(self, x: Value) -> Value:
        """SiLU or GELU: keeps what it reads."""
        if x.grad:
            self.keep(x)
        return self._through(x, x.elements, 1)

    def geglu(self, x: Value) -> Value:
        """First half times GELU of the second: keeps both halves and the GELU."""
        gate = Value(x.elements // 2, x.width, x.grad)
        if x.grad:
            self.keep(x, gate)
        self._note(x.bytes + 2 * gate.bytes, x.bytes + 2 * gate.bytes)
        self._moved(x.bytes + 3 * gate.bytes)
        return Value(x.elements // 2, x.width, x.grad)

    def gated(self, *inputs: Value) -> Value:
        """An activation of the gate times the rest: keeps both and it. `inputs`: gate and rest, or both in one."""
        whole = sum(value.elements for value in inputs)
        active, out = (Value(whole // 2, inputs[0].width, inputs[0].grad) for _ in range(2))
        if out.grad:
            self.keep(*inputs, active)
        self._note(4 * out.bytes, 4 * out.bytes)
        self._moved(5 * out.bytes)
        self.operations += 1
        return out

    def rotary(self, x: Value, turns: tuple[Value, Value]) -> Value:
        """Queries or keys turned by their place: keeps the cosines and sines, which all layers share."""
        if x.grad:
            self.keep(*turns)
        self._note(4 * x.bytes, 4 * x.bytes)
        self._moved(9 * x.bytes)
        self.operations += 4
        return Value(x.elements, x.width, x.grad)

    def add(self, a: Value, b: Value) -> Value:
        """A sum keeps nothing."""
        out = Value(a.elements, max(a.width, b.width), a.grad or b.grad)
        self._moved(a.bytes + b.bytes + out.bytes)
        return out

    def linear(self, x: Value, rows: int, size_in: int, size_out: int, adapted: bool) -> Value:
        """[rows, in] to [rows, out]. A frozen layer keeps nothing, one with a LoRA its input and x A^T."""
        plain = x
        x = self.cast(x, self.rules.work)
        grad = x.grad or (adapted and self.rules.grad)
        out = Value(rows * size_out, self.rules.work, grad)
        if adapted:
            if not self.rules.fused:
                x = self._for_peft(plain)
                self.keep(*self._cast_weights(size_in + size_out))
            self.keep(x, Value(rows * self.rules.rank, self.rules.work))
            self._product(rows * self.rules.rank * (size_in + size_out), grad, twice=True)
        self._product(rows * size_in * size_out, x.grad)
        self._note(x.bytes + out.bytes * (1 if self.rules.fused or not adapted else 3), x.bytes + out.bytes)
        return out

    def conv(self, x: Value, batch: int, spots: int, shape: tuple[int, ...], adapted: bool) -> Value:
        """A convolution with weight `shape` (out, in, k, k) and `spots` positions out: keeps its input, frozen or not. Its
        LoRA goes through PEFT, which casts what it reads to fp32 and autocast back again: one more copy."""
        plain = x
        x = self.cast(x, self.rules.work)
        size_out, size_in, area = shape[0], shape[1], shape[2] * shape[3]
        grad = x.grad or (adapted and self.rules.grad)
        out = Value(batch * spots * size_out, self.rules.work, grad)
        if x.grad:
            self.keep(x)
        if adapted:
            low = Value(batch * spots * self.rules.rank, self.rules.work)
            self.keep(self._for_peft(plain), low, *self._cast_weights(size_in * area + size_out))
            self._product(batch * spots * self.rules.rank * (size_in * area + size_out), grad, twice=True)
        self._product(batch * spots * size_in * size_out * area, x.grad)
        extra = x.bytes + out.bytes + size_out * size_in * area * self.rules.work if self.rules.copies else 0
        self._note(
            x.bytes + out.bytes * (3 if adapted else 1) + extra, x.bytes + out.bytes * (2 if adapted else 1) + extra
        )
        return out

    def attention(self, q: Value, k: Value, v: Value, batch: int, queries: int, keys: int, heads: int) -> Value:
        """Scaled dot products without a matrix of T x T: keeps q, k, v, the result and a number for each query and head."""
        q, k, v = (self.cast(value, self.rules.work) for value in (q, k, v))
        grad = q.grad or k.grad or v.grad
        out = Value(q.elements, self.rules.work, grad)
        if grad:
            self.keep(q, k, v, out, Value(batch * heads * queries, 4))
        work = 4.0 * queries * keys * q.elements / queries
        self.forward += work
        self.backward += 2.5 * work if grad else 0
        self.operations += 1
        self._note(2 * q.bytes + k.bytes + v.bytes, 3 * q.bytes + 2 * (k.bytes + v.bytes))
        return out

    def packed_attention(self, q: Value, k: Value, v: Value, at: Texts, heads: int, mask: int = 0) -> Value:
        """Causal attention of texts in one row, each to itself: keeps q, k, v, the results and a number for each query and
        head; what it gives is those results joined. `v` may be a view of more than the values. `mask`: numbers of the masks
        that tell what is too far back."""
        grad = q.grad or k.grad or v.grad
        out, joined = (Value(q.elements, self.rules.work, grad) for _ in range(2))
        if grad:
            self.keep(q, k, v, out, Value(heads * at.tokens, 4), Value(mask, self.rules.work))
        self._attended(q, k, v, at, grad)
        return joined

    def capped_attention(self, q: Value, k: Value, v: Value, at: Texts, heads: int) -> Value:
        """The same with scores that are bent to stay small (Gemma 2), by their matrices: keeps these, bent and as shares, a
        mask, and keys and values once for each head of the queries."""
        grad, each = q.grad or k.grad or v.grad, at.squares * heads
        if k.grad:
            self.keep(q)
        if grad:
            keys, values = (Value(q.elements, self.rules.work) for _ in range(2))
            self.keep(keys, values, Value(at.squares, 1), Value(each, self.rules.work), Value(each, 4))
            if self.rules.work != 4:
                self.keep(Value(each, self.rules.work))
        self._attended(q, k, v, at, grad)
        return Value(q.elements, self.rules.work, grad)

    def _attended(self, q: Value, k: Value, v: Value, at: Texts, grad: bool) -> None:
        work = 2.0 * at.squares * q.elements / at.tokens  # half of the matrix, two products
        self.forward += work
        self.backward += 2.5 * work if grad else 0
        self.operations += 6 * at.documents
        self._note(2 * q.bytes + k.bytes + v.bytes, 3 * q.bytes + 2 * (k.bytes + v.bytes))

    def logits(self, held: int, multiplications: float) -> None:
        """The last layer and the loss, some rows at once: `held` bytes while they are there. Their gradient to the hidden
        states is computed at once."""
        self.forward += 2 * multiplications
        self.backward += 2 * multiplications if self.rules.grad else 0
        self.operations += 8
        self._note(held, held)
        self._moved(2.0 * held)

    def _for_peft(self, x: Value) -> Value:
        return self.cast(self.cast(x, 4), self.rules.work)

    def _cast_weights(self, size: int) -> tuple[Value, ...]:
        """Autocast's copies of a LoRA's two weights, where it does not work in fp32."""
        return () if self.rules.work == 4 else (Value(self.rules.rank * size, self.rules.work),)

    def _through(self, x: Value, elements: int, passes: int) -> Value:
        out = Value(elements, x.width, x.grad)
        self._note(x.bytes + out.bytes, x.bytes + out.bytes)
        self._moved((x.bytes + out.bytes) * passes)
        return out

    def _product(self, multiplications: float, grad: bool, twice: bool = False) -> None:
        self.forward += 2 * multiplications
        self.backward += (2 * multiplications if grad else 0) * (2 if twice else 1)
        self.operations += 1

    def _moved(self, size: float) -> None:
        self.moved += size
        self.operations += 1

    def _note(self, there: int, back: int) -> None:
        """What one operation holds while it works: on the way there, and on the way back, with gradients in its place."""
        self.peak = max(self.peak, self.kept + self.held + there, (self.kept + back) if self.rules.grad else 0)
