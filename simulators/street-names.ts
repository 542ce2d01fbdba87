import type { InLanguages } from '@haechi/core';

const words: readonly (readonly [string, string])[] = [
  ['Riverside', '물가'],
  ['Pine', '솔'],
  ['Lotus', '연꽃'],
  ['Moonlight', '달빛'],
  ['Morning Star', '샛별'],
  ['Mill', '물레'],
  ['Market', '장터'],
  ['Maple', '단풍'],
  ['Ginkgo', '은행'],
  ['Plum', '매화'],
  ['Crane', '두루미'],
  ['Stone Wall', '돌담'],
  ['Spring', '샘터'],
  ['Cloud', '구름'],
  ['Wind', '바람'],
  ['Sunrise', '해돋이'],
  ['Lantern', '등불'],
  ['Kiln', '가마'],
  ['Orchard', '과수원'],
  ['Bamboo', '대숲'],
  ['Barley', '보리'],
  ['Swallow', '제비'],
  ['Willow', '버들'],
  ['Azalea', '진달래'],
  ['Harbour', '포구'],
  ['Lighthouse', '등대'],
  ['Reed', '갈대'],
  ['Magpie', '까치'],
  ['Persimmon', '감나무'],
  ['Chestnut', '밤나무'],
];

/** The n-th minor street: thirty names, then their numbered lanes, as Korean addresses do. */
export function streetName(index: number): InLanguages {
  const [en, ko] = words[index % words.length] ?? ['New', '새'];
  const lane = Math.floor(index / words.length);
  return lane === 0 ? { en: `${en} Rd`, ko: `${ko}로` } : { en: `${en} Rd ${lane}-gil`, ko: `${ko}로${lane}길` };
}

const avenues: readonly (readonly [string, string])[] = [
  ['Haechi', '해치'],
  ['Dongmun', '동문'],
  ['Saebyeol', '새별'],
  ['Hanbada', '한바다'],
  ['Namhang', '남항'],
  ['Dolmoru', '돌모루'],
  ['Seohae', '서해'],
  ['Noeul', '노을'],
  ['Solbat', '솔밭'],
];

export function avenueName(index: number): InLanguages {
  const [en, ko] = avenues[index % avenues.length] ?? ['Jungang', '중앙'];
  return { en: `${en}-daero`, ko: `${ko}대로` };
}
