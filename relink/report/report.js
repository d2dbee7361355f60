// Sorts and filters the table of symbols. The page is complete without it.
'use strict';
(() => {
  const table = document.getElementById('table');
  if (!table) return;
  const body = table.tBodies[0];
  const rows = Array.from(body.rows);
  const find = document.getElementById('find');
  const only = document.getElementById('only');
  const shown = document.getElementById('shown');
  const texts = new Map(rows.map(row => [row, row.textContent.toLowerCase()]));
  const cell = (row, column) => row.cells[column];

  function filter() {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0, bytes = 0;
    for (const row of rows) {
      const decision = cell(row, 1).textContent, reason = cell(row, 2).textContent;
      const visible = words.every(word => texts.get(row).includes(word)) &&
        (!only.value || only.value === decision || (decision !== 'SHARED' && only.value === reason));
      row.hidden = !visible;
      if (visible) {
        count += 1;
        bytes += Number(cell(row, 3).dataset.value);
      }
    }
    shown.textContent = `${count.toLocaleString('en')} of ${rows.length.toLocaleString('en')} symbols, ` +
      `${bytes.toLocaleString('en')} bytes`;
  }

  function sort(head, column) {
    const numeric = head.classList.contains('number');
    const was = head.getAttribute('aria-sort');
    const up = was ? was === 'descending' : !numeric;
    for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    const key = row => numeric ? Number(cell(row, column).dataset.value) : cell(row, column).textContent;
    const order = (a, b) => numeric ? a - b : a < b ? -1 : a > b ? 1 : 0;
    rows.sort((a, b) => (up ? 1 : -1) * order(key(a), key(b)));
    body.append(...rows);
  }

  Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...head.childNodes);
    button.addEventListener('click', () => sort(head, column));
    head.append(button);
  });
  find.addEventListener('input', filter);
  only.addEventListener('change', filter);
  const form = document.getElementById('filter');
  form.addEventListener('submit', event => event.preventDefault());
  form.hidden = false;
  filter();
})();
