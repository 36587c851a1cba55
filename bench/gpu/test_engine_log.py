"""The lines are formatted as llama.cpp 11434 does it (llama-model.cpp, llama-kv-cache.cpp, llama-context.cpp)."""

import unittest

import engine_log

MIB = 2**20
TWO_CARDS = """
0.01.210.123 I ggml_cuda_init: found 2 CUDA devices (Total VRAM: 162000 MiB):
0.01.210.200 I   Device 0: NVIDIA H100 80GB HBM3, compute capability 9.0, VMM: no, VRAM: 81079 MiB
0.01.210.201 I   Device 1: NVIDIA H100 80GB HBM3, compute capability 9.0, VMM: no, VRAM: 81079 MiB
0.02.000.000 I load_tensors: offloaded 33/33 layers to GPU
0.02.000.001 I load_tensors:   CPU_Mapped model buffer size =   281.81 MiB
0.02.000.002 I load_tensors:        CUDA0 model buffer size =  2145.00 MiB
0.02.000.003 I load_tensors:        CUDA1 model buffer size =  2100.50 MiB
0.03.000.000 I llama_context:  CUDA_Host  output buffer size =     1.96 MiB
0.03.000.001 I llama_kv_cache:      CUDA0 KV buffer size =   544.00 MiB
0.03.000.002 I llama_kv_cache:      CUDA1 KV buffer size =   480.00 MiB
0.03.000.003 I llama_kv_cache:      CUDA1 KV buffer size =    20.00 MiB
0.03.100.000 I llama_context: pipeline parallelism enabled
0.03.200.000 I sched_reserve:      CUDA0 compute buffer size =   160.01 MiB
0.03.200.001 I sched_reserve:      CUDA1 compute buffer size =   299.75 MiB
0.03.200.002 I sched_reserve:  CUDA_Host compute buffer size =    72.02 MiB
0.03.200.003 I sched_reserve: reserve took 12.00 ms, sched copies = 4
0.04.200.000 I sched_reserve:      CUDA0 compute buffer size =   170.00 MiB
0.09.000.000 D ~llama_context:      CUDA0 compute buffer size is 170.0000 MiB, matches expectation of 170.0000 MiB
"""


class Buffers(unittest.TestCase):
    def test_are_told_apart_by_place_and_kind(self):
        places = engine_log.buffers(TWO_CARDS)
        self.assertEqual(places["CUDA1"], {"weights": round(2100.5 * MIB), "kv": 500 * MIB, "compute": round(299.75 * MIB)})
        self.assertEqual(places["CPU_Mapped"], {"weights": round(281.81 * MIB), "kv": 0, "compute": 0})
        self.assertEqual(places["CUDA_Host"]["compute"], round(72.02 * MIB) + round(1.96 * MIB))

    def test_of_a_reservation_that_is_made_again_only_the_last_counts(self):
        self.assertEqual(engine_log.buffers(TWO_CARDS)["CUDA0"]["compute"], 170 * MIB)

    def test_states_of_recurrent_layers_count_as_cache(self):
        self.assertEqual(engine_log.buffers("llama_memory_recurrent:      CUDA0 RS buffer size =     3.00 MiB"),
                         {"CUDA0": {"weights": 0, "kv": 3 * MIB, "compute": 0}})

    def test_a_device_of_several_cards_keeps_its_name(self):
        self.assertEqual(list(engine_log.buffers("load_tensors: Meta(CUDA0,CUDA1) model buffer size =  4096.00 MiB")),
                         ["Meta(CUDA0,CUDA1)"])

    def test_other_lines_give_none(self):
        self.assertEqual(engine_log.buffers("srv  main: model loaded\nsize = 1.0 MiB\n"), {})


class Facts(unittest.TestCase):
    def test_are_what_the_server_said(self):
        self.assertEqual(engine_log.facts(TWO_CARDS), {"copies": 4, "pipelined": True, "offloaded": "33/33",
                                                       "virtual_memory_pool": False})

    def test_are_unknown_where_it_said_nothing(self):
        self.assertEqual(engine_log.facts(""), {"copies": None, "pipelined": False, "offloaded": None,
                                                "virtual_memory_pool": None})


class Complaint(unittest.TestCase):
    def test_is_the_first_error_and_not_a_warning_before_it(self):
        log = ("0.00.1 W load_backend: failed to find one\n"
               "0.01.2 E llama_model_load: error loading model: device CUDA0 does not support split buffers\n0.01.3 E exiting\n")
        self.assertIn("does not support split buffers", engine_log.complaint(log))

    def test_is_the_broken_assertion_before_all_else(self):
        log = "0.00.1 E something failed\n/src/ggml-backend-meta.cpp:7: GGML_ASSERT(axis >= 0) failed\nlibggml-base.so(ggml_abort)\n"
        self.assertIn("GGML_ASSERT(axis", engine_log.complaint(log))

    def test_is_whatever_sounds_like_one_where_no_level_is_written(self):
        self.assertEqual(engine_log.complaint("start\nerror: unknown argument: --kv\nusage: ...\n"),
                         "error: unknown argument: --kv")

    def test_is_the_last_line_of_a_silent_death(self):
        self.assertEqual(engine_log.complaint("one\ntwo\n\n"), "two")
        self.assertEqual(engine_log.complaint(""), "it said nothing")


if __name__ == "__main__":
    unittest.main()
