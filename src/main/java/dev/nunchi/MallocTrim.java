package dev.nunchi;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/// `malloc_trim` of glibc, which gives the system every page that the C library's heap holds free.
public final class MallocTrim {
  private MallocTrim() {}

  /// Does nothing where the C library has no such function, and in a native executable, which has
  /// no way to it.
  public static Runnable ofThisProcess() {
    if (System.getProperty("org.graalvm.nativeimage.imagecode") != null) {
      return () -> {};
    }
    Linker linker = Linker.nativeLinker();
    return linker
        .defaultLookup()
        .find("malloc_trim")
        .map(address ->
            linker.downcallHandle(
                address, FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG)))
        .<Runnable>map(function -> () -> call(function))
        .orElse(() -> {});
  }

  private static void call(MethodHandle trim) {
    try {
      int unused = (int) trim.invokeExact(0L);
    } catch (Throwable e) {
      throw new IllegalStateException("malloc_trim failed", e);
    }
  }
}
