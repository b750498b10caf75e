package dev.nunchi.model;

import dev.nunchi.model.PickleValue.Dictionary;
import dev.nunchi.model.PickleValue.Sequence;
import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The form of `torch.save` before PyTorch 1.6: five pickles one after another (a magic number, a
/// version, what machine wrote it, the value, the keys of its storages), and then for each key the
/// count of its numbers in eight bytes and the numbers.
final class PytorchStream {
  private static final BigInteger MAGIC = new BigInteger("1950a86a20f9469cfc6c", 16);
  private static final long VERSION = 1001;

  private PytorchStream() {}

  static PytorchFile.Content read(PickleBytes in) {
    requireMachine(in);
    Unpickler.Pickle pickle = Unpickler.read(in);
    if (!(Unpickler.read(in).value() instanceof Sequence keys)) {
      throw in.invalid("it does not say which storages follow");
    }
    Map<String, MemorySegment> storages = storages(keys.items(), pickle.storages(), in);
    return new PytorchFile.Content(
        pickle.value(),
        storage -> {
          @Nullable MemorySegment bytes = storages.get(storage.key());
          if (bytes == null) {
            throw in.invalid("it lacks the numbers of a tensor");
          }
          return bytes;
        });
  }

  private static void requireMachine(PickleBytes in) {
    if (!Unpickler.read(in).value().equals(MAGIC)) {
      throw in.invalid("it is a pickle that torch.save did not write");
    }
    if (!Unpickler.read(in).value().equals(VERSION)) {
      throw in.invalid("it is of another version of the form that was in use until PyTorch 1.5");
    }
    if (Unpickler.read(in).value() instanceof Dictionary machine
        && Boolean.FALSE.equals(machine.entries().get("little_endian"))) {
      throw in.invalid("its numbers are big endian; save it again on a common machine");
    }
  }

  private static Map<String, MemorySegment> storages(
      List<Object> keys, Map<String, TorchStorage> declared, PickleBytes in) {
    Map<String, MemorySegment> storages = new HashMap<>();
    for (Object key : keys) {
      if (!(key instanceof String name) || !declared.containsKey(name)) {
        throw in.invalid("it has numbers that belong to no tensor");
      }
      TorchStorage storage = declared.get(name);
      long count = in.int64();
      if (count != storage.whole()) {
        throw in.invalid(
            "a storage of it has %d numbers, where %d were expected"
                .formatted(count, storage.whole()));
      }
      storages.put(name, in.slice(count * storage.type().elements().bytes()));
    }
    return storages;
  }
}
