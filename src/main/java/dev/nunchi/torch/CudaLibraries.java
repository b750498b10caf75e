package dev.nunchi.torch;

import dev.nunchi.RootCause;
import java.io.File;
import java.io.IOException;
import java.util.List;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/// The libraries that libtorch has for GPUs, in a build with the profile `cuda`.
///
/// The binding unpacks and loads one library after the other, those for GPUs before the others that
/// they need, and goes on without a word where one cannot be loaded. So all of them are unpacked
/// first, and what is missing is found out where it is asked for.
final class CudaLibraries {
  private static final String FOLDER =
      "/org/bytedeco/pytorch/%s-gpu/".formatted(Loader.getPlatform());
  private static final String LIBRARY = "torch_cuda";

  /// What it needs, and what it loads itself where something asks for it.
  private static final List<String> OTHERS =
      List.of("c10", "c10_cuda", "torch", "torch_cpu", "torch_cuda_linalg");

  private CudaLibraries() {}

  /// Whether libtorch is built for GPUs.
  static boolean areOnClassPath() {
    return CudaLibraries.class.getResource(resource(LIBRARY)) != null;
  }

  /// Puts all of libtorch beside each other, where a library finds the others; before the binding
  /// loads the first of them.
  static void unpack() {
    if (areOnClassPath()) {
      OTHERS.stream()
          .filter(library -> CudaLibraries.class.getResource(resource(library)) != null)
          .forEach(CudaLibraries::unpacked);
      unpacked(LIBRARY);
    }
  }

  /// Why libtorch cannot work with CUDA here, such as the name of a library that is missing; null
  /// where all of them are loaded.
  static @Nullable String failure() {
    if (!areOnClassPath()) {
      return "this build has libtorch for CPUs";
    }
    try {
      System.load(unpacked(LIBRARY).getPath());
      return null;
    } catch (UnsatisfiedLinkError e) {
      return String.valueOf(RootCause.of(e).getMessage());
    }
  }

  private static File unpacked(String library) {
    try {
      return Loader.cacheResource(torch.class, resource(library));
    } catch (IOException e) {
      throw (LinkageError) new UnsatisfiedLinkError("libtorch is not unpacked").initCause(e);
    }
  }

  private static String resource(String library) {
    return FOLDER + System.mapLibraryName(library);
  }
}
