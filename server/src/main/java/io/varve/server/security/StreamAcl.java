package io.varve.server.security;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.JsonPrimitive;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The access control list of a stream, as the member {@code $acl} of what is said about it: for
 * each right the names of those who may. It takes away from what permissions allow, and gives
 * nothing. A right that is not in it is everybody's. Immutable.
 *
 * <p>Names are those of users; of roles, for all users who have it; {@code token:NAME} for tokens
 * of that name; and {@link #ALL} for everybody. Administrators may do everything, whatever it says.
 *
 * @param allowed for each right that is not everybody's, who has it
 */
public record StreamAcl(Map<StreamRight, Set<String>> allowed) {
  /** Where it stands in what is said about a stream. */
  public static final String KEY = "$acl";

  /** Everybody. */
  public static final String ALL = "$all";

  /** Names that a right may have. */
  public static final int MAX_NAMES = 100;

  /** The most characters (UTF-16) of a name. */
  public static final int MAX_NAME = 256;

  /** Takes nothing away. */
  static final StreamAcl OPEN = new StreamAcl(Map.of());

  /** Leaves everything to administrators. */
  static final StreamAcl CLOSED = closed();

  private static final String USERS = "$userStreamAcl";
  private static final String SYSTEM = "$systemStreamAcl";

  /** A list that cannot be understood. */
  public static final class Malformed extends Exception {
    private static final long serialVersionUID = 1L;

    private final String field;

    Malformed(String field, String sentence) {
      super(sentence);
      this.field = field;
    }

    /** What is wrong: {@code $acl.$r}. The message says how. */
    public String field() {
      return field;
    }
  }

  public StreamAcl {
    Map<StreamRight, Set<String>> copy = new EnumMap<>(StreamRight.class);
    allowed.forEach((right, names) -> copy.put(right, Set.copyOf(names)));
    allowed = Map.copyOf(copy);
  }

  private static StreamAcl closed() {
    Map<StreamRight, Set<String>> nobody = new EnumMap<>(StreamRight.class);
    for (StreamRight right : StreamRight.values()) {
      nobody.put(right, Set.of());
    }
    return new StreamAcl(nobody);
  }

  /**
   * The list in what is said about a stream.
   *
   * @param description the text of a JSON object
   */
  public static StreamAcl of(String description) throws Malformed {
    JsonElement json;
    try {
      json = JsonParser.parseString(description);
    } catch (JsonParseException e) {
      Malformed malformed = new Malformed(KEY, "is in a text that is not JSON");
      malformed.initCause(e);
      throw malformed;
    }
    if (!json.isJsonObject()) {
      throw new Malformed(KEY, "is in a text that is not a JSON object");
    }
    JsonElement list = json.getAsJsonObject().get(KEY);
    return list == null ? OPEN : of(list);
  }

  private static StreamAcl of(JsonElement list) throws Malformed {
    String text = text(list);
    if (text != null) {
      return switch (text) {
        case USERS -> OPEN;
        case SYSTEM -> CLOSED;
        default -> throw new Malformed(KEY, "must be an object, or " + USERS + ", or " + SYSTEM);
      };
    }
    if (!list.isJsonObject()) {
      throw new Malformed(KEY, "must be an object, or " + USERS + ", or " + SYSTEM);
    }
    Map<StreamRight, Set<String>> allowed = new EnumMap<>(StreamRight.class);
    JsonObject rights = list.getAsJsonObject();
    for (Map.Entry<String, JsonElement> member : rights.entrySet()) {
      String field = KEY + "." + member.getKey();
      Set<String> names = names(field, member.getValue());
      if (!names.contains(ALL)) {
        allowed.put(right(member.getKey()), names);
      } else {
        var _ = right(member.getKey());
      }
    }
    return allowed.isEmpty() ? OPEN : new StreamAcl(allowed);
  }

  private static StreamRight right(String key) throws Malformed {
    for (StreamRight right : StreamRight.values()) {
      if (right.key().equals(key)) {
        return right;
      }
    }
    String shown = key.length() <= MAX_NAME ? key : key.substring(0, MAX_NAME) + "…";
    throw new Malformed(KEY + "." + shown, "is no right; there are $r, $w, $d, $mr, $mw");
  }

  private static Set<String> names(String field, JsonElement value) throws Malformed {
    Set<String> names = new HashSet<>();
    if (value.isJsonArray()) {
      JsonArray all = value.getAsJsonArray();
      if (all.size() > MAX_NAMES) {
        throw new Malformed(field, "must have at most " + MAX_NAMES + " names");
      }
      for (JsonElement one : all) {
        names.add(name(field, one));
      }
    } else {
      names.add(name(field, value));
    }
    return names;
  }

  private static String name(String field, JsonElement value) throws Malformed {
    String name = text(value);
    if (name == null) {
      throw new Malformed(field, "must be a name, or a list of names");
    }
    if (name.isEmpty() || name.length() > MAX_NAME) {
      throw new Malformed(field, "must have names of 1 to " + MAX_NAME + " characters");
    }
    return name;
  }

  private static @Nullable String text(JsonElement value) {
    return value instanceof JsonPrimitive primitive && primitive.isString()
        ? primitive.getAsString()
        : null;
  }

  /** Whether it takes nothing away from anybody. */
  boolean isOpen() {
    return allowed.isEmpty();
  }

  /** Whether it takes a right away from somebody who goes by these names. */
  boolean denies(StreamRight right, Set<String> names) {
    Set<String> those = allowed.get(right);
    if (those == null) {
      return false;
    }
    for (String name : names) {
      if (those.contains(name)) {
        return false;
      }
    }
    return true;
  }
}
