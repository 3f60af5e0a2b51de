package io.varve.bank.store;

import io.varve.bank.domain.Money;
import java.math.BigDecimal;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.PropertyNamingStrategies;
import tools.jackson.databind.SerializationContext;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;
import tools.jackson.databind.ser.std.StdSerializer;

/**
 * The bank's JSON: snake_case names, and money as a number with exactly two decimals ({@code
 * 12.50}), read from a number or a string without passing through a float.
 */
public final class MoneyJson {

  private MoneyJson() {}

  /** A mapper's builder with these rules, for the caller to add its own. */
  public static JsonMapper.Builder mapper() {
    return on(JsonMapper.builder());
  }

  /** These rules on top of others. */
  static JsonMapper.Builder on(JsonMapper.Builder builder) {
    SimpleModule money = new SimpleModule("money");
    money.addSerializer(Money.class, new Writer());
    money.addDeserializer(Money.class, new Reader());
    return builder
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(StreamWriteFeature.WRITE_BIGDECIMAL_AS_PLAIN)
        .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
        .disable(SerializationFeature.FAIL_ON_EMPTY_BEANS)
        .addModule(money);
  }

  private static final class Writer extends StdSerializer<Money> {
    Writer() {
      super(Money.class);
    }

    @Override
    public void serialize(Money money, JsonGenerator json, SerializationContext context) {
      json.writeNumber(money.toBigDecimal());
    }
  }

  private static final class Reader extends StdDeserializer<Money> {
    Reader() {
      super(Money.class);
    }

    @Override
    public Money deserialize(JsonParser json, DeserializationContext context) {
      BigDecimal units =
          json.currentToken().isNumeric()
              ? json.getDecimalValue()
              : new BigDecimal(json.getString());
      return Money.of(units);
    }
  }
}
