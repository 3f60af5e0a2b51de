package io.varve.benchmarks.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Reading what the system and the server say of memory. */
class ProcessMemoryTest {
  @Test
  void the_resident_size_is_told_in_kilobytes() {
    assertThat(
            ProcessMemory.residentIn(
                List.of("Name:\tjava", "VmPeak:\t  999 kB", "VmRSS:\t  123456 kB")))
        .isEqualTo(123_456L * 1024);
    assertThat(ProcessMemory.residentIn(List.of("Name:\tjava"))).isZero();
  }

  @Test
  void the_pools_of_the_heap_are_added_up() {
    List<String> metrics =
        List.of(
            "# TYPE jvm_memory_used_bytes gauge",
            "jvm_memory_used_bytes{area=\"heap\",id=\"Eden Space\"} 1.5E6",
            "jvm_memory_used_bytes{area=\"heap\",id=\"Old Gen\"} 500000",
            "jvm_memory_used_bytes{area=\"nonheap\",id=\"Metaspace\"} 7.0E7");

    assertThat(ProcessMemory.sum(metrics, "jvm_memory_used_bytes{area=\"heap\""))
        .isEqualTo(2_000_000);
  }
}
