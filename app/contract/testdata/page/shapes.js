// Holds an answer against the field lists in fields.json, which says how they are
// written. Only what is named there is asked for: further fields are welcome.

const instant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

const simple = {
  string: (v) => typeof v === 'string',
  int: (v) => Number.isInteger(v),
  number: (v) => typeof v === 'number',
  bool: (v) => typeof v === 'boolean',
  time: (v) => typeof v === 'string' && instant.test(v),
};

const isObject = (v) => typeof v === 'object' && v !== null && !Array.isArray(v);

// fieldsOf is a shape's fields with those of the shapes it builds on.
function fieldsOf(shapes, name) {
  const { '<': bases = [], ...own } = shapes[name];
  return Object.assign({}, ...bases.map((base) => fieldsOf(shapes, base)), own);
}

// compare tells found(kind, text) of each difference between a value and a type; kind
// is 'missing' for a field that is not there and 'wrong' for one of another type.
export function compare(shapes, type, value, at, found) {
  const wrong = () => found('wrong', `${at} is ${JSON.stringify(value)?.slice(0, 80)}, want ${type}`);
  if (type.endsWith('?')) {
    if (value !== null) compare(shapes, type.slice(0, -1), value, at, found);
    return;
  }
  const list = /^\[(.*)\](\+?)$/.exec(type);
  const many = /^(page|map)\((.*)\)$/.exec(type);
  if (list) {
    if (!Array.isArray(value) || (list[2] && value.length === 0)) return wrong();
    value.forEach((v, i) => compare(shapes, list[1], v, `${at}[${i}]`, found));
  } else if (many && !isObject(value)) {
    wrong();
  } else if (many && many[1] === 'page') {
    compareFields(shapes, { data: `[${many[2]}]+`, pagination: 'Pagination' }, value, at, found);
  } else if (many) {
    if (Object.keys(value).length === 0) return wrong();
    for (const key of Object.keys(value)) compare(shapes, many[2], value[key], `${at}.*`, found);
  } else if (type in simple) {
    if (!simple[type](value)) wrong();
  } else if (type.startsWith('=')) {
    if (String(value) !== type.slice(1)) wrong();
  } else if (type.includes('|')) {
    if (!type.split('|').includes(value)) wrong();
  } else if (!(type in shapes)) {
    found('wrong', `there is no shape ${type}`);
  } else if (!isObject(value)) {
    wrong();
  } else {
    compareFields(shapes, fieldsOf(shapes, type), value, at, found);
  }
}

function compareFields(shapes, fields, value, at, found) {
  for (const [name, type] of Object.entries(fields)) {
    if (Object.hasOwn(value, name)) compare(shapes, type, value[name], `${at}.${name}`, found);
    else found('missing', `${at}.${name}`);
  }
}

// selfCheck lets the comparison fail once in each way: one that finds nothing would
// pass everything. It returns what was not found.
export function selfCheck() {
  const shapes = { A: { a: 'string' }, B: { '<': ['A'], at: 'time', list: '[A]', none: 'int?' } };
  const good = { a: 'x', at: '2026-01-02T03:04:05.678Z', list: [{ a: 'y' }], none: null };
  const cases = {
    'nothing is wrong': ['B', good, ''],
    'a field of the base is missing': ['B', { at: good.at, list: [], none: null }, 'missing'],
    'a nullable field is left out': ['B', { a: 'x', at: good.at, list: [] }, 'missing'],
    'a list is null': ['B', { ...good, list: null }, 'wrong'],
    'an element has no field': ['B', { ...good, list: [{}] }, 'missing'],
    'a time has no fraction': ['B', { ...good, at: '2026-01-02T03:04:05Z' }, 'wrong'],
    'a text is null': ['A', { a: null }, 'wrong'],
    'a list that must show something is empty': ['[A]+', [], 'wrong'],
    'a page is a list': ['page(A)', [], 'wrong'],
    'a page has no pagination': ['page(A)', { data: [{ a: '' }] }, 'missing'],
    'a map holds another shape': ['map(A)', { k: {} }, 'missing'],
    'a word is another': ['X|Y', 'Z', 'wrong'],
    'a number is a text': ['int', '1', 'wrong'],
    'a fraction is no int': ['int', 1.5, 'wrong'],
    'a shape is unknown': ['Unknown', {}, 'wrong'],
  };
  const failed = [];
  for (const [name, [type, value, want]] of Object.entries(cases)) {
    const kinds = new Set();
    compare(shapes, type, value, 'v', (kind) => kinds.add(kind));
    if ([...kinds].join() !== want) failed.push(`self check: ${name}: found ${[...kinds].join() || 'nothing'}`);
  }
  return failed;
}
