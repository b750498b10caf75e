package dev.nunchi.serve;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// The memory of this process: Java's heap and, on Linux, that of the C library.
final class OwnMemory implements IdleMemory.Process {
  private static final Path STATUS = Path.of("/proc/self/status");

  private final ModelRegistry models;
  private final OperatingSystemMXBean system =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  OwnMemory(ModelRegistry models) {
    this.models = models;
  }

  /// Where the system does not tell, the heap.
  @Override
  public long residentBytes() {
    try {
      for (String line : Files.readAllLines(STATUS)) {
        if (line.startsWith("VmRSS:")) {
          return Long.parseLong(line.replaceAll("\\D", "")) << 10;
        }
      }
    } catch (IOException e) {
      // Not Linux.
    }
    return heapBytes();
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
    Trimming.FUNCTION.ifPresent(OwnMemory::call);
  }

  @SuppressWarnings("CatchThrowable") // What a method handle declares.
  private static void call(MethodHandle trim) {
    try {
      int _ = (int) trim.invokeExact(0L);
    } catch (Throwable e) {
      throw new IllegalStateException("malloc_trim failed", e);
    }
  }

  /// Looked up when it is first needed.
  private static final class Trimming {
    /// `malloc_trim` of glibc, which others have not; nor has a native executable a way to it.
    static final Optional<MethodHandle> FUNCTION =
        System.getProperty("org.graalvm.nativeimage.imagecode") != null
            ? Optional.empty()
            : Linker.nativeLinker()
                .defaultLookup()
                .find("malloc_trim")
                .map(address ->
                    Linker.nativeLinker()
                        .downcallHandle(
                            address,
                            FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG)));
  }
}
