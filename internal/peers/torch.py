"""PyTorch as a candidate: the protocol of protocol.go, for the nets of nets.go."""
import json
import os
import re
import struct
import sys
import time


def blas():
    """The BLAS that this process has loaded, and what it takes the processor for."""
    with open("/proc/self/maps") as f:
        paths = {line.split()[-1] for line in f if re.search(r"/[^/]*blas[^/]*\.so", line)}
    found = []
    for path in sorted(paths):
        name = os.path.basename(path)
        try:
            import ctypes
            corename = ctypes.CDLL(path).openblas_get_corename
            corename.restype = ctypes.c_char_p
            name += ", running as " + corename().decode()
        except AttributeError:
            pass  # not OpenBLAS
        found.append(name)
    return "; ".join(found) or "no BLAS"


def load(spec):
    import torch
    import torch.nn as nn

    torch.set_num_threads(spec["threads"])
    arrays = {}
    for a in spec["arrays"]:
        with open(a["file"], "rb") as f:
            dtype = torch.int64 if a["name"] == "y" else torch.float32
            arrays[a["name"]] = torch.frombuffer(bytearray(f.read()), dtype=dtype).reshape(a["shape"])

    def fill(layer, k):
        w = arrays["w%d" % k]
        with torch.no_grad():  # a Linear keeps its weights transposed
            layer.weight.copy_(w.t() if isinstance(layer, nn.Linear) else w)
            layer.bias.copy_(arrays["b%d" % k])
        return layer

    if spec["net"] == "mlp":
        net = nn.Sequential(
            fill(nn.Linear(784, 512), 0), nn.ReLU(),
            fill(nn.Linear(512, 512), 1), nn.ReLU(),
            fill(nn.Linear(512, 10), 2))
    else:
        net = nn.Sequential(
            fill(nn.Conv2d(1, 6, 5, padding=2), 0), nn.ReLU(), nn.MaxPool2d(2),
            fill(nn.Conv2d(6, 16, 5), 1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            fill(nn.Linear(400, 120), 2), nn.ReLU(),
            fill(nn.Linear(120, 10), 3))
    optimizer = torch.optim.Adam(net.parameters(), lr=spec["rate"])
    criterion = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad()
        loss = criterion(net(arrays["x"]), arrays["y"])
        loss.backward()
        optimizer.step()
        return loss

    return step, "PyTorch %s, %s" % (torch.__version__, blas())


def peak():
    with open("/proc/self/status") as f:
        return int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1)) << 10


def answer(**line):
    print(json.dumps(line), flush=True)


def main():
    spec = json.loads(sys.stdin.readline())
    losses = []
    try:
        step, version = load(spec)
        losses.append(float(step()))
    except Exception as e:
        answer(refused=str(e) + " (Debian has it as python3-torch)", version="")
        return
    answer(version=version)
    for line in sys.stdin:
        long = json.loads(line)["milliseconds"] / 1e3
        runs, best = 0, float("inf")
        cpu, begun = time.process_time(), time.perf_counter()
        while runs == 0 or time.perf_counter() - begun < long:
            start = time.perf_counter()
            loss = step()
            best = min(best, time.perf_counter() - start)
            runs += 1
            if len(losses) < spec["losses"]:
                losses.append(float(loss))
        answer(runs=runs, cpu_ms=(time.process_time() - cpu) / runs * 1e3, best_ms=best * 1e3, peak=peak())
    with open(spec["result"], "wb") as f:
        f.write(struct.pack("<%dd" % len(losses), *losses))


main()
