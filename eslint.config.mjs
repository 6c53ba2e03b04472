// The law of src/: what is recommended for JupyterLab extensions, as errors.
import jupyter from '@jupyter/eslint-plugin';
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const asErrors = rules =>
  Object.fromEntries(
    Object.entries(rules).map(([name, level]) => [
      name,
      Array.isArray(level) ? ['error', ...level.slice(1)] : 'error'
    ])
  );

export default tseslint.config(
  { ignores: ['lib/**', 'node_modules/**', '**/*.d.ts', '*.js', '*.mjs'] },
  ...tseslint.configs.recommended.map(each => ({
    ...each,
    files: ['src/**/*.{ts,tsx}']
  })),
  ...jupyter.configs.recommended.map(each => ({
    ...each,
    plugins: { jupyter },
    ...(each.rules && { rules: asErrors(each.rules) })
  })),
  {
    files: ['src/**/*.{ts,tsx}'],
    languageOptions: {
      parserOptions: {
        project: './tsconfig.test.json',
        tsconfigRootDir: import.meta.dirname
      }
    },
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        {
          selector: 'interface',
          format: ['PascalCase'],
          custom: { regex: '^I[A-Z]', match: true }
        }
      ],
      '@typescript-eslint/no-namespace': 'off',
      '@typescript-eslint/no-floating-promises': 'error',
      curly: ['error', 'all'],
      eqeqeq: 'error',
      'no-console': 'error',
      'prefer-arrow-callback': 'error'
    }
  },
  prettier
);
