"""Files of torch.save in twenty layouts, and the tensors of all as one safetensors file.

    python generate_layouts.py

Made with torch 2.13 and safetensors; each tensor of NAME.bin is NAME/TENSOR in expected.safetensors.
"""

import collections
import io
import pathlib
import pickle
import struct
import zipfile

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
GENERATOR = torch.Generator().manual_seed(14)
EXPECTED = {}


def numbers(*shape, dtype=torch.float32):
    return torch.randn(shape, generator=GENERATOR).to(dtype)


def table(**tensors):
    return collections.OrderedDict((name.replace("__", "."), t) for name, t in tensors.items())


def layout(name, value, tensors=None, zipped=True, protocol=2):
    torch.save(
        value,
        HERE / f"{name}.bin",
        _use_new_zipfile_serialization=zipped,
        pickle_protocol=protocol,
    )
    expect(name, tensors or value)


def expect(name, tensors):
    for key, tensor in tensors.items():
        EXPECTED[f"{name}/{key}"] = tensor.detach().clone().contiguous()


def plain():
    return table(
        embeddings__weight=numbers(5, 4), dense__weight=numbers(3, 4), dense__bias=numbers(3)
    )


def views():
    base = numbers(6, 8)
    return table(
        transposed=base.t(),
        rows=base[2:4],
        columns=base[:, 1::3],
        permuted=numbers(2, 3, 4).permute(2, 0, 1),
        scalar=base[3, 5],
        expanded=torch.arange(7).expand(1, -1),
        diagonal=base[:, :6].diagonal(),
    )


def types():
    return table(
        f64=numbers(3, 2, dtype=torch.float64),
        f32=numbers(3, 2),
        f16=numbers(3, 2, dtype=torch.float16),
        bf16=numbers(3, 2, dtype=torch.bfloat16),
        i64=torch.arange(-3, 3),
        i32=torch.arange(-3, 3, dtype=torch.int32),
        i16=torch.arange(-3, 3, dtype=torch.int16),
        i8=torch.arange(-3, 3, dtype=torch.int8),
        u8=torch.arange(6, dtype=torch.uint8),
        truth=torch.tensor([True, False, True]),
    )


def tied():
    word = numbers(5, 3)
    return table(word=word, decoder=word, half=word[:2], turned=word.t(), again=word.t())


def odd():
    return table(scalar=torch.tensor(2.5), empty=torch.empty(0, 3), none=torch.empty(0))


def module():
    torch.manual_seed(3)
    network = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.LayerNorm(3))
    return network.state_dict()


def parameters():
    return table(weight=torch.nn.Parameter(numbers(2, 3)), bias=torch.nn.Parameter(numbers(2)))


def rezip(name, source, extra=None, order=None, **options):
    """The archive again as another program would write it."""
    with zipfile.ZipFile(HERE / f"{source}.bin") as archive:
        entries = [(info.filename, archive.read(info)) for info in archive.infolist()]
    folder = entries[0][0].split("/")[0]
    with zipfile.ZipFile(HERE / f"{name}.bin", "w") as archive:
        for entry, content in entries:
            renamed = entry.replace(folder, options.get("folder", folder), 1)
            if options.get("bare") and not renamed.endswith(("data.pkl", "version")) and "/data/" not in renamed:
                continue
            with archive.open(renamed, "w", force_zip64=options.get("zip64", False)) as out:
                out.write(content)
        archive.comment = options.get("comment", b"")
    expect(name, torch.load(HERE / f"{source}.bin"))


class Python2Pickler(pickle._Pickler):
    """Strings as Python 2 wrote them."""

    dispatch = pickle._Pickler.dispatch.copy()

    def save_str(self, text):
        self.write(pickle.SHORT_BINSTRING + bytes([len(text)]) + text.encode())
        self.memoize(text)

    dispatch[str] = save_str

    def save_dictionary(self, value):
        pairs = [[key, value[key]] for key in value]
        self.save_reduce(collections.OrderedDict, (pairs,), obj=value)

    dispatch[collections.OrderedDict] = save_dictionary

    def persistent_id(self, value):
        if isinstance(value, torch.storage.TypedStorage):
            kind = getattr(torch, value.pickle_storage_type())
            return ("storage", kind, str(value._cdata), "cpu", value.size(), None)
        return None


def python2(name, value):
    """The stream that PyTorch 0.4 wrote under Python 2."""
    out = io.BytesIO()
    pickle.dump(0x1950A86A20F9469CFC6C, out, protocol=2)
    pickle.dump(1001, out, protocol=2)
    pickle.dump({"protocol_version": 1001, "little_endian": True, "type_sizes": {"int": 4}}, out, protocol=2)
    Python2Pickler(out, protocol=2).dump(value)
    storages = {str(t.storage()._cdata): t for t in value.values()}
    pickle.dump(sorted(storages), out, protocol=2)
    for key in sorted(storages):
        tensor = storages[key]
        out.write(struct.pack("<q", tensor.numel()))
        out.write(tensor.numpy().tobytes())
    (HERE / f"{name}.bin").write_bytes(out.getvalue())
    expect(name, value)


layout("zip-plain", plain())
layout("zip-views", views())
layout("zip-types", types())
layout("zip-tied", tied())
layout("zip-odd", odd())
layout("zip-module", module())
layout("zip-parameters", parameters())
layout("zip-protocol-3", plain(), protocol=3)
layout("zip-protocol-4", plain(), protocol=4)
layout("zip-protocol-5", views(), protocol=5)
rezip("zip-other-folder", "zip-views", folder="a model/of mine", comment=b"PK\5\6 none")
rezip("zip-64", "zip-types", zip64=True)
rezip("zip-bare", "zip-plain", bare=True, folder="archive")
lightning = plain()
layout("zip-lightning", {"epoch": 3, "loss": 0.5, "state_dict": lightning, "done": False}, lightning)
layout("stream-plain", plain(), zipped=False)
layout("stream-views", views(), zipped=False)
layout("stream-types", types(), zipped=False)
layout("stream-tied", tied(), zipped=False)
layout("stream-protocol-4", module(), zipped=False, protocol=4)
wrapped = parameters()
layout("stream-wrapped", {"model": {k: v for k, v in wrapped.items()}, "step": 7}, wrapped, zipped=False)
layout("stream-protocol-1", plain(), zipped=False, protocol=1)
python2("stream-python-2", plain())

save_file(EXPECTED, HERE / "expected.safetensors")
print(len(list(HERE.glob("*.bin"))), "layouts,", len(EXPECTED), "tensors")
