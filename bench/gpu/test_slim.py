import ctypes
import subprocess
import tempfile
import unittest
from pathlib import Path

import slim

CODE = bytes(range(64)) * 32


def entry(kind: int, architecture: int, payload: bytes, compressed: bool) -> bytes:
    header, packed = bytearray(64), payload
    if compressed:
        room = ctypes.create_string_buffer(len(payload) + 64)
        size = ctypes.CDLL("liblz4.so.1").LZ4_compress_default(payload, room, len(payload), len(room))
        packed = room.raw[:size]
        header[slim.COMPRESSED:slim.COMPRESSED + 4] = size.to_bytes(4, "little")
        header[slim.DECOMPRESSED:] = len(payload).to_bytes(8, "little")
        header[slim.FLAGS:slim.FLAGS + 8] = (0x11 | slim.LZ4).to_bytes(8, "little")
    packed += bytes(-len(packed) % 8)
    header[:16] = kind.to_bytes(2, "little") + bytes(2) + (64).to_bytes(4, "little") + len(packed).to_bytes(8, "little")
    header[28:32] = architecture.to_bytes(4, "little")
    return bytes(header) + packed


class Libraries(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

    def library(self, name: str, assembly: str, *arguments: str | Path) -> Path:
        (self.folder / "it.s").write_text(assembly + '.section .note.GNU-stack,"",@progbits\n')
        slim.tool("gcc", "-shared", "-nostdlib", f"-Wl,-soname,{name}", self.folder / "it.s", "-o", self.folder / name, *arguments)
        return self.folder / name

    def pruned(self, *entries: bytes) -> list[tuple[slim.Entry, bytes]]:
        """What is left of a library with these in one container, and with a second container behind it."""
        body = b"".join(entries)
        (self.folder / "code").write_bytes(slim.CONTAINER.pack(slim.MAGIC, 1, 16, len(body)) + body)
        code = self.library("libcode.so", f'.section .nv_fatbin,"a"\n.rept 2\n.incbin "{self.folder / "code"}"\n.endr\n')
        slim.prune(code, self.folder / "pruned.so", 90)
        image = bytearray((self.folder / "pruned.so").read_bytes())
        self.assertEqual(len(image), code.stat().st_size)
        (begin, size), = slim.fatbin_sections(code)
        first, second = slim.containers(image, begin, size)
        self.assertEqual(second[0] - first[0], 16 + len(body))
        return [(one, bytes(image[one.at + one.header:one.at + one.header + one.payload])) for one in first[1]]

    def test_compressed_code_of_one_architecture_stays_alone_and_decompressed(self):
        left = self.pruned(*(entry(slim.DEVICE_CODE, which, CODE * 4, False) for which in (80, 100)),
                           entry(slim.DEVICE_CODE, 90, CODE, True), entry(1, 90, CODE, True))
        self.assertEqual([(one.architecture, payload) for one, payload in left], [(90, CODE)])

    def test_without_room_it_stays_compressed(self):
        compressed = entry(slim.DEVICE_CODE, 90, CODE, True)
        left = self.pruned(compressed, entry(slim.DEVICE_CODE, 80, b"a kernel", False))
        self.assertEqual([payload for _, payload in left], [compressed[64:], bytes(8)])

    def test_a_stand_in_has_what_is_asked_of_it_by_version(self):
        real = self.library("libcublas.so.12", '.globl one, two\n.type one, @function\n.type two, @function\none:\ntwo: ret\n',
                            f"-Wl,--version-script,{self.versions()}")
        user = self.library("libuser.so", ".text\ncall one@plt\n", real)
        other = self.folder / "out"
        other.mkdir()
        slim.stand_in_for_cuda([user], other)
        self.assertEqual(slim.symbols(other / "libcublas.so.12", "--defined-only") - {("libcublas.so.12", "")},
                         {("one", "libcublas.so.12")})
        program = self.folder / "program"
        subprocess.run(["gcc", "-x", "c", "-", "-o", program], check=True, text=True, input="""#include <dlfcn.h>
            int main(int n, char** argument) { ((void (*)(void))dlsym(dlopen(argument[1], RTLD_NOW), "one"))(); }""")
        done = subprocess.run([program, other / "libcublas.so.12"], capture_output=True, text=True, check=False)
        self.assertEqual((done.returncode, done.stderr), (-4, "one\n"))

    def versions(self) -> Path:
        (self.folder / "versions").write_text('"libcublas.so.12" { global: *; };\n')
        return self.folder / "versions"


if __name__ == "__main__":
    unittest.main()
