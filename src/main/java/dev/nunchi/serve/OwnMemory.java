package dev.nunchi.serve;

import com.sun.management.OperatingSystemMXBean;
import dev.nunchi.MallocTrim;
import dev.nunchi.ResidentMemory;
import java.lang.management.ManagementFactory;

/// The memory of this process: Java's heap and, on Linux, that of the C library.
final class OwnMemory implements IdleMemory.Process {
  private final ModelRegistry models;
  private final OperatingSystemMXBean system =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  OwnMemory(ModelRegistry models) {
    this.models = models;
  }

  /// Where the system does not tell, the heap.
  @Override
  public long residentBytes() {
    return ResidentMemory.ofThisProcess().bytes().orElseGet(this::heapBytes);
  }

  @Override
  public long heapBytes() {
    return Runtime.getRuntime().totalMemory();
  }

  @Override
  public long usedHeapBytes() {
    return heapBytes() - Runtime.getRuntime().freeMemory();
  }

  @Override
  public long processorNanos() {
    return system.getProcessCpuTime();
  }

  @Override
  public boolean isAtWork() {
    return models.all().stream()
        .map(ServedModel::classifier)
        .anyMatch(model -> model.waitingCount() > 0 || model.expectedQueueDuration().isPositive());
  }

  @Override
  public void giveBack() {
    System.gc();
    MallocTrim.ofThisProcess().run();
  }
}
