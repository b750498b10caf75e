package dev.nunchi.text;

import dev.nunchi.NunchiException;
import dev.nunchi.PlainFile;
import dev.nunchi.Reason;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// A Unigram model of SentencePiece: what transformers takes from it.
///
/// That is not all that it holds: `byte_fallback`, `add_dummy_prefix` and
/// `remove_extra_whitespaces` have no say with the tokenizers of transformers, which know unknown
/// pieces where SentencePiece would write bytes.
///
/// @param unknownId index of the piece for the unknown
/// @param characterMap normalisation rules in base 64, empty where there are none
record SentencePieceModel(List<Piece> pieces, int unknownId, String characterMap) {
  private static final int UNIGRAM = 1;

  /// @param score logarithm of its probability
  record Piece(String text, double score, int type) {
    private static final int NORMAL = 1;
    private static final int CONTROL = 3;
    private static final int USER_DEFINED = 4;

    /// Whether it is looked for in a text before that is split.
    boolean isAdded() {
      return type == CONTROL || type == USER_DEFINED;
    }

    boolean isControl() {
      return type == CONTROL;
    }
  }

  /// @throws NunchiException `INVALID_MODEL` where the file is damaged, `UNSUPPORTED_MODEL` where
  ///   its pieces are not those of a Unigram model
  static SentencePieceModel read(Path file) {
    PlainFile.require(file);
    try {
      Content content = new Content();
      content.read(new ProtobufReader(ByteBuffer.wrap(Files.readAllBytes(file))));
      return content.model(file);
    } catch (BufferUnderflowException | IllegalArgumentException | CharacterCodingException e) {
      throw TokenizerFile.damaged(file, "is not a SentencePiece model, or is cut short", e);
    } catch (IOException e) {
      throw TokenizerFile.damaged(file, "cannot be read", e);
    }
  }

  /// The fields read so far; of one that stands twice the last counts, as in every protobuf.
  private static final class Content {
    private final List<Piece> pieces = new ArrayList<>();
    private int modelType = UNIGRAM;
    private int unknownId;
    private String characterMap = "";

    void read(ProtobufReader message) throws CharacterCodingException {
      while (message.next()) {
        switch (message.field()) {
          case 1 -> pieces.add(piece(new ProtobufReader(message.bytes())));
          case 2 -> readTrainer(new ProtobufReader(message.bytes()));
          case 3 -> readNormalizer(new ProtobufReader(message.bytes()));
          default -> message.skip();
        }
      }
    }

    private static Piece piece(ProtobufReader message) throws CharacterCodingException {
      String text = "";
      float score = 0;
      int type = Piece.NORMAL;
      while (message.next()) {
        switch (message.field()) {
          case 1 -> text = message.text();
          case 2 -> score = message.fraction();
          case 3 -> type = message.integer();
          default -> message.skip();
        }
      }
      return new Piece(text, score, type);
    }

    private void readTrainer(ProtobufReader message) {
      while (message.next()) {
        switch (message.field()) {
          case 3 -> modelType = message.integer();
          case 40 -> unknownId = message.integer();
          default -> message.skip();
        }
      }
    }

    private void readNormalizer(ProtobufReader message) {
      while (message.next()) {
        if (message.field() == 2) {
          ByteBuffer map = message.bytes();
          byte[] bytes = new byte[map.remaining()];
          map.get(bytes);
          characterMap = Base64.getEncoder().encodeToString(bytes);
        } else {
          message.skip();
        }
      }
    }

    SentencePieceModel model(Path file) {
      if (modelType != UNIGRAM) {
        throw new NunchiException(
            Reason.UNSUPPORTED_MODEL,
            "%s is a SentencePiece model of the type %s, of which only UNIGRAM is read; open the directory with transformers' AutoTokenizer and save_pretrained it there"
                .formatted(file, typeName()));
      }
      if (pieces.isEmpty()) {
        throw TokenizerFile.damaged(file, "is a SentencePiece model without pieces", null);
      }
      for (int i = 0; i < pieces.size(); i++) {
        Piece piece = pieces.get(i);
        if (piece.text().isEmpty() || !Double.isFinite(piece.score())) {
          throw TokenizerFile.damaged(
              file,
              "is damaged: piece %d is '%s' with the score %s, but pieces have a text and a finite score"
                  .formatted(i, piece.text(), piece.score()),
              null);
        }
      }
      return new SentencePieceModel(List.copyOf(pieces), unknownId, characterMap);
    }

    private String typeName() {
      return switch (modelType) {
        case 2 -> "BPE";
        case 3 -> "WORD";
        case 4 -> "CHAR";
        default -> Integer.toString(modelType);
      };
    }
  }
}
