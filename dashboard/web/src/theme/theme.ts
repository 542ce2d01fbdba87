import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
  type VariantColorsResolver,
} from '@mantine/core';

/** Mantine draws its dark theme from ten shades; the tokens stand where it takes text, lines, surface and ground from. */
const dark: MantineColorsTuple = [
  '#E6EBF0',
  '#C5CED7',
  '#93A1AF',
  '#93A1AF',
  '#3A4653',
  '#232D38',
  '#1A222B',
  '#12181F',
  '#0E1318',
  '#0A0E12',
];
const gray: MantineColorsTuple = [
  '#F4F6F8',
  '#E9EDF1',
  '#DCE2E8',
  '#C9D1D9',
  '#C9D1D9',
  '#566270',
  '#566270',
  '#3A4653',
  '#232D38',
  '#17202A',
];
/** What can be pressed is neutral: colour is for what is wrong. */
const slate: MantineColorsTuple = [
  '#F4F6F8',
  '#E9EDF1',
  '#DCE2E8',
  '#C9D1D9',
  '#93A1AF',
  '#7C8B99',
  '#566270',
  '#3A4653',
  '#232D38',
  '#17202A',
];

const font = '"Pretendard Variable", Pretendard, system-ui, sans-serif';

/** The one strong button of a form: the text's colour with the ground's upon it, in both themes. */
const variantColorResolver: VariantColorsResolver = (input) =>
  input.variant === 'filled'
    ? {
        background: 'var(--h-text)',
        hover: 'color-mix(in srgb, var(--h-text) 85%, var(--h-ground))',
        color: 'var(--h-ground)',
        border: '1px solid transparent',
      }
    : defaultVariantColorsResolver(input);

export const theme = createTheme({
  variantColorResolver,
  colors: { dark, gray, slate },
  primaryColor: 'slate',
  primaryShade: { light: 8, dark: 2 },
  black: '#17202A',
  fontFamily: font,
  headings: { fontFamily: font, fontWeight: '600' },
  fontSizes: { xs: '12px', sm: '14px', md: '14px', lg: '16px', xl: '20px' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '2px', sm: '4px', md: '4px', lg: '4px', xl: '4px' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { openDelay: 300, transitionProps: { duration: 0 } } },
    Button: { defaultProps: { size: 'xs', variant: 'default' } },
    ActionIcon: { defaultProps: { variant: 'subtle', size: 32 } },
    TextInput: { defaultProps: { size: 'xs' } },
    Select: { defaultProps: { size: 'xs' } },
    Chip: { defaultProps: { variant: 'outline' } },
    Checkbox: { defaultProps: { color: 'var(--h-text)', iconColor: 'var(--h-ground)' } },
    Switch: { defaultProps: { color: 'var(--h-normal)' } },
  },
});

export const cssVariables: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--h-ground)',
    '--mantine-color-text': 'var(--h-text)',
    '--mantine-color-dimmed': 'var(--h-muted)',
    '--mantine-color-placeholder': 'var(--h-muted)',
    '--mantine-color-default': 'var(--h-surface)',
    '--mantine-color-default-hover': 'var(--h-hover)',
    '--mantine-color-default-color': 'var(--h-text)',
    '--mantine-color-default-border': 'var(--h-line)',
    '--mantine-color-anchor': 'var(--h-text)',
    '--mantine-color-slate-text': 'var(--h-text)',
    '--mantine-color-slate-light': 'var(--h-hover)',
    '--mantine-color-slate-light-hover': 'var(--h-hover)',
    '--mantine-color-slate-light-color': 'var(--h-text)',
    '--mantine-color-slate-outline': 'var(--h-text)',
    '--mantine-color-slate-outline-hover': 'var(--h-hover)',
    '--mantine-color-error': 'var(--h-serious)',
  };
  return { variables: {}, light: shared, dark: shared };
};
