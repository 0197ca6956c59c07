/** Values that a size expression may name: members of a kernel's Params and its constants. */
export type Names = Readonly<Record<string, number>>;

const TOKEN = /\s*(?:(\d+)|([A-Za-z_]\w*)|(.))/y;

/**
 * Reads an integer expression of `+ - * /` (rounding down), parentheses, numbers and names, as the binding contracts
 * of kernels use: `n * ci * ((d + 1) / 2)`.
 *
 * @returns a function of the names' values
 * @throws Error for anything else; the returned function throws for an unknown name
 */
export function parseSize(text: string): (names: Names) => number {
  const tokens = tokenize(text);
  let position = 0;
  const next = () => tokens[position];
  const take = () => tokens[position++];

  function factor(): (names: Names) => number {
    const token = take();
    if (token === '(') {
      const inner = sum();
      if (take() !== ')') throw new Error(`missing ) in size "${text}"`);
      return inner;
    }
    if (token !== undefined && /^\d/.test(token)) return () => Number(token);
    if (token !== undefined && /^[A-Za-z_]/.test(token)) {
      return (names) => {
        if (!(token in names)) throw new Error(`unknown name ${token} in size "${text}"`);
        return names[token];
      };
    }
    throw new Error(`cannot read size "${text}"`);
  }

  function chain(operand: () => (names: Names) => number, operators: string): (names: Names) => number {
    let left = operand();
    while (next() !== undefined && operators.includes(next())) {
      const [operator, before, after] = [take(), left, operand()];
      left = (names) => apply(operator, before(names), after(names));
    }
    return left;
  }

  const product = () => chain(factor, '*/');
  function sum(): (names: Names) => number {
    return chain(product, '+-');
  }

  const result = sum();
  if (position < tokens.length) throw new Error(`cannot read size "${text}"`);
  return result;
}

function tokenize(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match; match = TOKEN.exec(text))
    tokens.push(match[1] ?? match[2] ?? match[3]);
  return tokens.filter((token) => token.trim() !== '');
}

function apply(operator: string, left: number, right: number): number {
  if (operator === '+') return left + right;
  if (operator === '-') return left - right;
  return operator === '*' ? left * right : Math.floor(left / right);
}
