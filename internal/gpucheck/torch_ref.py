"""PyTorch at the things of specs.json, timed by events: torch_ref.py SPECS RECORDS.

Float32 is exact float32 unless a product says tf32. Every row is written at once.
Exits with 3 where there is no PyTorch with a card.
"""
import json
import statistics
import sys
import time

try:
    import torch
    import torch.nn as nn
    import torch.nn.functional as F
except ImportError as e:
    print("no PyTorch:", e)
    sys.exit(3)
if not torch.cuda.is_available():
    print("PyTorch finds no card")
    sys.exit(3)

card = "cuda"
records = open(sys.argv[2], "a")
deadline = time.monotonic() + 130
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.manual_seed(0)


def write(**record):
    records.write(json.dumps(record) + "\n")
    records.flush()


def stretch(runs, f):
    start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
    start.record()
    for _ in range(runs):
        f()
    end.record()
    torch.cuda.synchronize()
    return start.elapsed_time(end)


def median(f):
    """As meter.go does it."""
    began = time.monotonic()
    for _ in range(3):
        once = stretch(1, f)
    runs = int(min(200, max(1, 3 / max(once, 1e-3))))
    took = []
    for i in range(11):
        took.append(stretch(runs, f) / runs)
        if i >= 2 and time.monotonic() - began > 5:
            break
    return dict(ms=statistics.median(took), low=min(took), high=max(took), runs=len(took))


def replayed(f):
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            f()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        f()
    return graph.replay


def times(case, ways, per=1):
    for by, make in ways.items():
        if by not in wanted:
            continue
        if time.monotonic() > deadline:
            write(time=dict(case=case, by=by, ms=0, low=0, high=0, runs=0, note="no time left"))
            continue
        try:
            t = median(make())
            t = {k: v / per if k in ("ms", "low", "high") else v for k, v in t.items()}
            print("%-40s %-20s %10.4f ms" % (case, by, t["ms"]), flush=True)
            write(time=dict(case=case, by=by, **t))
        except Exception as e:  # what cannot be timed leaves the others alone
            print("%-40s %-20s %s" % (case, by, str(e)[:200]), flush=True)
            write(time=dict(case=case, by=by, ms=0, low=0, high=0, runs=0, note=str(e)[:200]))


def forward(case, f):
    """f eager, compiled and replayed."""
    f = torch.no_grad()(f)
    times(case, {"torch eager": lambda: f, "torch graph": lambda: replayed(f), "torch.compile": lambda: torch.compile(f)})


def training(case, net, x, y):
    """A step of Adam, eager, compiled and replayed."""
    def make(net, capturable):
        opt = torch.optim.Adam(net.parameters(), lr=1e-3, fused=True, capturable=capturable)

        def step():
            opt.zero_grad(set_to_none=True)
            F.cross_entropy(net(x), y).backward()
            opt.step()
        return step
    times(case, {
        "torch eager": lambda: make(net, False),
        "torch graph": lambda: replayed(make(net, True)),
        "torch.compile": lambda: make(torch.compile(net), False),
    })


class Residual(nn.Module):
    def __init__(self, way, short):
        super().__init__()
        self.way, self.short = way, short

    def forward(self, x):
        return F.relu(self.way(x) + self.short(x))


def conv(i, o, k, stride=1, pad=0):
    return nn.Conv2d(i, o, k, stride, pad)


def resnet(first, deep):
    layers, width = [conv(3, first, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)], first
    for i, count in enumerate((3, 4, 6, 3) if deep else (2, 2, 2, 2)):
        inner = first << i
        out = 4 * inner if deep else inner
        for k in range(count):
            stride = 2 if i > 0 and k == 0 else 1
            if deep:
                way = nn.Sequential(conv(width, inner, 1), nn.ReLU(), conv(inner, inner, 3, stride, 1), nn.ReLU(), conv(inner, out, 1))
            else:
                way = nn.Sequential(conv(width, inner, 3, stride, 1), nn.ReLU(), conv(inner, inner, 3, 1, 1))
            short = conv(width, out, 1, stride) if stride > 1 or width != out else nn.Identity()
            layers.append(Residual(way, short))
            width = out
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 1000))


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.up, self.down, self.heads = nn.Linear(width, 4 * width), nn.Linear(4 * width, width), heads

    def forward(self, x):
        b, t, w = x.shape
        h = self.first(x)
        q, k, v = (f(h).view(b, t, self.heads, w // self.heads).transpose(1, 2) for f in (self.q, self.k, self.v))
        x = x + self.o(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, w))
        return x + self.down(F.gelu(self.up(self.second(x))))


def case(name, kind, n, number):
    rand = lambda *shape, **k: torch.randn(*shape, device=card, **k)
    if kind == "copy":
        x = rand(*n)
        y = torch.empty_like(x)
        times(name, {"torch eager": lambda: lambda: y.copy_(x)})
    elif kind == "chain":
        x, z = rand(*n), rand(*n)
        forward(name, lambda: F.gelu(1.5 * x + z, approximate="tanh"))
    elif kind == "sum":
        x = rand(*n)
        forward(name, lambda: x.sum(1))
    elif kind == "softmax":
        x = rand(*n)
        forward(name, lambda: x.softmax(-1))
    elif kind == "layernorm":
        x, w, b = rand(*n), rand(n[1]), rand(n[1])
        forward(name, lambda: F.layer_norm(x, (n[1],), w, b))
    elif kind == "launch":
        x = rand(32)
        many = lambda: [x.add_(1) for _ in range(n[0])]
        times(name, {"torch eager": lambda: many, "torch graph": lambda: replayed(many)}, per=n[0])
    elif kind == "gemm":
        dtype = torch.bfloat16 if number == "bf16" else torch.float32
        torch.backends.cuda.matmul.allow_tf32 = number == "tf32"
        a, b = rand(n[0], n[2], dtype=dtype), rand(n[2], n[1], dtype=dtype)
        c = torch.empty(n[0], n[1], device=card, dtype=dtype)
        times(name, {"torch eager": lambda: lambda: torch.mm(a, b, out=c)})
        torch.backends.cuda.matmul.allow_tf32 = False
    elif kind == "conv":
        x, net = rand(n[0], n[1], n[2], n[2]), conv(n[1], n[3], n[4], 1, n[4] // 2).to(card)
        forward(name, lambda: net(x))
    elif kind == "mlp":
        layers = []
        for i, o in zip(n[1:], n[2:]):
            layers += [nn.Linear(i, o), nn.ReLU()]
        training(name, nn.Sequential(*layers[:-1]).to(card), rand(n[0], n[1]), torch.randint(0, n[4], (n[0],), device=card))
    elif kind == "lenet":
        net = nn.Sequential(conv(1, 6, 5, 1, 2), nn.ReLU(), nn.MaxPool2d(2), conv(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
                            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 10)).to(card)
        training(name, net, rand(n[0], 1, 28, 28), torch.randint(0, 10, (n[0],), device=card))
    elif kind in ("resnet18", "resnet50"):
        x, net = rand(n[0], 3, n[1], n[1]), resnet(n[2], kind == "resnet50").to(card).eval()
        forward(name, lambda: net(x))
    elif kind == "block":
        x, net = rand(*n[:3]), Block(n[2], n[3]).to(card).eval()
        forward(name, lambda: net(x))
    else:
        print("nothing for", name)


with open(sys.argv[1]) as f:
    specs = json.load(f)
write(fact=dict(name="PyTorch", value="%s, cuDNN %s" % (torch.__version__, torch.backends.cudnn.version())))
for wanted in ({"torch eager", "torch graph"}, {"torch.compile"}):  # what takes long to compile comes last
    for s in specs:
        torch.cuda.empty_cache()
        try:
            case(s["name"], s["kind"], s["n"], s.get("type", ""))
        except Exception as e:
            print(s["name"], e, flush=True)
