package dev.nunchi.model;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// The form of `torch.save` since PyTorch 1.6: a zip archive of stored entries, all in one folder
/// of any name: `data.pkl`, the numbers of each storage in `data/KEY`, and `byteorder`.
final class PytorchArchive {
  private static final String PICKLE = "data.pkl";

  private PytorchArchive() {}

  static PytorchFile.Content read(PickleBytes whole, MemorySegment mapped) {
    StoredZip zip = StoredZip.read(whole, mapped);
    String folder = folder(zip, whole);
    Optional<MemorySegment> order = zip.entry(folder + "byteorder");
    if (order.isPresent() && !PytorchFile.ascii(order.get()).strip().equals("little")) {
      throw whole.invalid("its numbers are big endian; save it again on a common machine");
    }
    MemorySegment pickle =
        zip.entry(folder + PICKLE)
            .orElseThrow(() -> whole.invalid("its %s is missing".formatted(PICKLE)));
    return new PytorchFile.Content(
        Unpickler.read(whole.over(pickle)).value(), storage -> bytes(zip, folder, storage, whole));
  }

  private static String folder(StoredZip zip, PickleBytes in) {
    for (String name : zip.names()) {
      if (name.equals(PICKLE) || name.endsWith("/" + PICKLE)) {
        String folder = name.substring(0, name.length() - PICKLE.length());
        if (zip.entry(folder + "constants.pkl").isPresent()) {
          throw in.invalid(
              "it is a TorchScript program; store the weights alone, with"
                  + " torch.save(model.state_dict(), …) or as safetensors");
        }
        return folder;
      }
    }
    throw in.invalid("it is a zip archive that torch.save did not write: no data.pkl is in it");
  }

  private static MemorySegment bytes(
      StoredZip zip, String folder, TorchStorage storage, PickleBytes in) {
    String name = folder + "data/" + storage.key();
    MemorySegment bytes =
        zip.entry(name)
            .orElseThrow(() -> in.invalid("its " + PickleBytes.shown(name) + " is missing"));
    long expected = storage.whole() * storage.type().elements().bytes();
    if (bytes.byteSize() < expected) {
      throw in.invalid(
          "its %s has %d bytes, where %d were expected"
              .formatted(PickleBytes.shown(name), bytes.byteSize(), expected));
    }
    return bytes;
  }
}
